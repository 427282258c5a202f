import { boolean, optional, secret, string } from "hostwright";

/** Vars of storage outside of the monitoring host (docs/storage.md). */
export const storageVars = {
  loki_s3_bucket: optional(bucket("Bucket for logs. Unset: the monitoring host's own disk")),
  loki_s3_from: optional(
    string("The day (UTC) from which logs go to the bucket: 2024-04-01 on a new host, else a day to come", {
      format: "day",
    }),
  ),
  tempo_s3_bucket: optional(bucket("Bucket for traces. Unset: the monitoring host's own disk")),
  s3_endpoint: optional(
    string("Where the buckets are: s3.ap-northeast-2.amazonaws.com, or host:port of another service", {
      format: "endpoint",
    }),
  ),
  s3_region: optional(string("The buckets' region", { pattern: "^[a-z0-9-]+$" })),
  s3_access_key_id: optional(secret("Access key id. Unset: the role of the instance, which is better")),
  s3_secret_access_key: optional(secret("Secret access key, where there is an access key id")),
  s3_insecure: boolean("Whether the endpoint speaks plain HTTP", { default: false }),
  s3_path_style: boolean("Whether the bucket stands in the path and not in the name of the host, as for MinIO", {
    default: false,
  }),

  prometheus_remote_write_url: optional(
    string("Where Prometheus sends all metrics as well, by remote write", { format: "url" }),
  ),
  prometheus_remote_write_user: optional(string("User there, by basic authentication")),
  prometheus_remote_write_password: optional(secret("Password there")),
};

function bucket(description: string) {
  return string(description, { format: "bucket" });
}

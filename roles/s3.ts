import {
  boolean,
  type FileDesired,
  type HostVars,
  optional,
  secret,
  string,
  type Text,
  VarError,
  type VarsOf,
} from "hostwright";

/** Vars of the place where all buckets are (docs/storage.md). */
export const s3Vars = {
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
};

type Vars = VarsOf<typeof s3Vars>;

/** A bucket and the way to it; a template's values, so nothing is undefined. */
export interface Bucket {
  readonly name: string;
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: Text;
  readonly secretAccessKey: Text;
  readonly insecure: boolean;
  readonly pathStyle: boolean;
}

/** User of the stores in their images. */
const STORE_GID = "10001";

/** The var of a store's bucket: its name ends in `_s3_bucket`. */
export function bucketVar(what: string) {
  return optional(string(`Bucket for ${what}. Unset: the monitoring host's own disk`, { format: "bucket" }));
}

/**
 * Returns the bucket of this name, which the var of that name has; undefined for the host's own disk. Throws on vars that do
 * not belong together.
 */
export function bucketOf(vars: Vars, variable: string, name: string | undefined): Bucket | undefined {
  const { s3_endpoint: endpoint, s3_region: region = "", s3_access_key_id, s3_secret_access_key } = vars;
  if (name === undefined) return undefined;
  if (endpoint === undefined)
    throw new VarError(variable, { found: "no s3_endpoint", expected: "where the bucket is" });
  checkTogether("s3_access_key_id", s3_access_key_id, "s3_secret_access_key", s3_secret_access_key);
  return {
    name,
    endpoint,
    region,
    accessKeyId: s3_access_key_id ?? "",
    secretAccessKey: s3_secret_access_key ?? "",
    insecure: vars.s3_insecure,
    pathStyle: vars.s3_path_style,
  };
}

/** Throws on keys that open nothing: whoever sets them believes that data goes to a bucket. */
export function checkKeys({ vars }: HostVars, buckets: readonly string[]): void {
  if (buckets.some((name) => vars[name] !== undefined)) return;
  const key = ["s3_access_key_id", "s3_secret_access_key"].find((name) => vars[name] !== undefined);
  if (key) throw new VarError(key, { found: "no bucket that it opens", expected: `${buckets.join(" or ")} too` });
}

/** Who may read a store's configuration: its own user only, where there is a key in it. */
export function accessOf(bucket: Bucket | undefined): Pick<FileDesired, "mode" | "group"> {
  return bucket && bucket.accessKeyId !== "" ? { mode: "0640", group: STORE_GID } : {};
}

/** Throws where of two vars that belong together only one is there. */
export function checkTogether(one: string, value: unknown, other: string, otherValue: unknown): void {
  if ((value === undefined) === (otherValue === undefined)) return;
  const [given, missing] = value === undefined ? [other, one] : [one, other];
  throw new VarError(given, { found: `no ${missing}`, expected: `both or none: ${one} and ${other} belong together` });
}

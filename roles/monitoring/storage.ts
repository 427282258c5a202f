import { type FileDesired, type Text, VarError } from "hostwright";
import type { Sizes, Vars } from "./settings.ts";

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

/** User of Loki and Tempo in their images, and of Prometheus in its own. */
const STORE_GID = "10001";
const PROMETHEUS_GID = "65534";

/** The day from which Loki's first schema holds. */
export const FIRST_DAY = "2024-04-01";

/** Where Loki keeps chunks: a bucket, from a day on; undefined for its own disk. Throws on vars that do not belong together. */
export function lokiBucket(vars: Sizes): (Bucket & { readonly from: string }) | undefined {
  const { loki_s3_bucket: name, loki_s3_from: from } = vars;
  if ((name === undefined) !== (from === undefined)) throw apart("loki_s3_bucket", name, "loki_s3_from");
  if (name === undefined || from === undefined) return undefined;
  if (from < FIRST_DAY) throw new VarError("loki_s3_from", `found "${from}", expected ${FIRST_DAY} or later`);
  return { ...bucketOf(vars, name), from };
}

/** Where Tempo keeps blocks: a bucket, or undefined for its own disk. Throws on vars that do not belong together. */
export function tempoBucket(vars: Sizes): Bucket | undefined {
  return vars.tempo_s3_bucket === undefined ? undefined : bucketOf(vars, vars.tempo_s3_bucket);
}

/** Throws on keys that open nothing: whoever sets them believes that data goes to a bucket. */
export function checkBuckets(vars: Vars): void {
  if (vars.loki_s3_bucket !== undefined || vars.tempo_s3_bucket !== undefined) return;
  const key = (["s3_access_key_id", "s3_secret_access_key"] as const).find((name) => vars[name] !== undefined);
  if (key) throw new VarError(key, "found no bucket that it opens, expected loki_s3_bucket or tempo_s3_bucket too");
}

function bucketOf(vars: Sizes, name: string): Bucket {
  const { s3_endpoint: endpoint, s3_region: region = "", s3_access_key_id, s3_secret_access_key } = vars;
  if (endpoint === undefined)
    throw new VarError(
      vars.loki_s3_bucket === name ? "loki_s3_bucket" : "tempo_s3_bucket",
      "found no s3_endpoint, expected where the bucket is",
    );
  if ((s3_access_key_id === undefined) !== (s3_secret_access_key === undefined))
    throw apart("s3_access_key_id", s3_access_key_id, "s3_secret_access_key");
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

/** Who may read a store's configuration: its own user only, where there is a key in it. */
export function accessOf(bucket: Bucket | undefined): Pick<FileDesired, "mode" | "group"> {
  return bucket && bucket.accessKeyId !== "" ? { mode: "0640", group: STORE_GID } : {};
}

/** Another Prometheus, or what is like one, that gets all metrics as well. */
export interface RemoteWrite {
  readonly url: string;
  readonly user: string;
  /** Where Prometheus finds the password; empty where it needs none. */
  readonly passwordFile: string;
}

export const remoteWriteFile = "remote_write_password";

/** Where Prometheus writes to besides its own disk; undefined for nowhere. Throws on vars that do not belong together. */
export function remoteWriteOf(vars: Sizes): RemoteWrite | undefined {
  const { prometheus_remote_write_url: url, prometheus_remote_write_user: user = "" } = vars;
  const { prometheus_remote_write_password: password } = vars;
  if ((user === "") !== (password === undefined))
    throw apart("prometheus_remote_write_user", user || undefined, "prometheus_remote_write_password");
  if (url === undefined && password !== undefined)
    throw new VarError(
      "prometheus_remote_write_password",
      "found a password alone, expected prometheus_remote_write_url too",
    );
  if (url === undefined) return undefined;
  return { url, user, passwordFile: password === undefined ? "" : `/etc/prometheus/${remoteWriteFile}` };
}

/** The file with the password, below Prometheus' folder: Prometheus reads it at each request, and only its user may. */
export function remoteWritePassword(vars: Sizes, folder: string): readonly FileDesired[] {
  const { prometheus_remote_write_password: content } = vars;
  if (content === undefined || remoteWriteOf(vars) === undefined) return [];
  return [{ path: `${folder}/${remoteWriteFile}`, content, mode: "0640", group: PROMETHEUS_GID }];
}

/** Of two vars that belong together only one is there. */
function apart(one: string, value: unknown, other: string): VarError {
  const [given, missing] = value === undefined ? [other, one] : [one, other];
  return new VarError(given, `found no ${missing}, expected both or none: ${one} and ${other} belong together`);
}

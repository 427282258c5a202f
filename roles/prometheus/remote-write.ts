import { type FileDesired, VarError, type VarsOf } from "hostwright";
import { checkTogether } from "../s3.ts";
import type { prometheusVars } from "./vars.ts";

type Vars = VarsOf<typeof prometheusVars>;

/** Another Prometheus, or what is like one, that gets all metrics as well. */
export interface RemoteWrite {
  readonly url: string;
  readonly user: string;
  /** Where Prometheus finds the password; empty where it needs none. */
  readonly passwordFile: string;
}

const FILE = "remote_write_password";

/** Prometheus' user in its image. */
const PROMETHEUS_GID = "65534";

/** Where Prometheus writes to besides its own disk; undefined for nowhere. Throws on vars that do not belong together. */
export function remoteWriteOf(vars: Vars): RemoteWrite | undefined {
  const { prometheus_remote_write_url: url, prometheus_remote_write_user: user } = vars;
  const { prometheus_remote_write_password: password } = vars;
  checkTogether("prometheus_remote_write_user", user || undefined, "prometheus_remote_write_password", password);
  if (url === undefined && password !== undefined)
    throw new VarError("prometheus_remote_write_password", {
      found: "a password alone",
      expected: "prometheus_remote_write_url too",
    });
  if (url === undefined) return undefined;
  return { url, user: user ?? "", passwordFile: password === undefined ? "" : `/etc/prometheus/${FILE}` };
}

/** The file with the password, below Prometheus' folder: Prometheus reads it at each request, and only its user may. */
export function passwordFiles(vars: Vars, folder: string): readonly FileDesired[] {
  const { prometheus_remote_write_password: content } = vars;
  if (content === undefined || remoteWriteOf(vars) === undefined) return [];
  return [{ path: `${folder}/${FILE}`, content, mode: "0640", group: PROMETHEUS_GID }];
}

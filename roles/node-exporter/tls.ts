import { basename } from "node:path";
import {
  command,
  directory,
  enterFolderOf,
  file,
  pkg,
  type Resource,
  type Script,
  Secret,
  type Site,
  sh,
  VarError,
  type VarsOf,
} from "hostwright";
import { bcryptHash } from "../bcrypt.ts";
import { METRICS_USER } from "../service.ts";
import { template } from "../templates.ts";
import type { nodeExporterVars } from "./vars.ts";

type Vars = Pick<VarsOf<typeof nodeExporterVars>, "environment" | "node_exporter_tls" | "metrics_password">;

const NAME = "node_exporter";
const tags = [NAME];
const folder = "/etc/node_exporter";
const key = `${folder}/tls.key`;
const webConfig = `${folder}/web.yml`;

/** The host's own certificate, which whoever asks on the host itself can verify. */
export const CERTIFICATE = `${folder}/tls.crt`;

/** Renewed this long before it ends; it is made for a year. */
const RENEW_SECONDS = 30 * 86_400;
const DAYS = 365;

/** A certificate that the role makes and renews, and the one user that is let in. Nothing unless it is asked for. */
export function tlsResources(vars: Vars, site: Site): readonly Resource[] {
  if (!vars.node_exporter_tls) return [];
  const password = vars.metrics_password;
  if (password === undefined)
    throw new VarError("node_exporter_tls", {
      found: "no metrics_password",
      expected: "the one that Prometheus asks with",
    });
  const hash = bcryptHash(password, `${METRICS_USER}@${vars.environment}`);
  const content = template("node-exporter/web.yml.hbs", {
    certificate: CERTIFICATE,
    key,
    user: METRICS_USER,
    hash: new Secret(() => hash.reveal(), hash.source),
  });
  return [
    pkg({ name: ["openssl"] }, { tags }),
    directory({ path: folder }, { tags }),
    command(
      { name: "node_exporter's certificate is good for 30 days", unless: isGood, run: make(site), undo },
      { tags },
    ),
    file({ path: webConfig, content, mode: "0640", group: NAME }, { tags }),
  ];
}

/** What the unit's command line has more; nothing without TLS. */
export function webConfigFlag({ node_exporter_tls }: Vars): string {
  return node_exporter_tls ? `--web.config.file=${webConfig}` : "";
}

const isGood: Script = sh`
  [ -r ${key} ]
  openssl x509 -in ${CERTIFICATE} -noout -checkend ${RENEW_SECONDS}`;

const undo: Script = sh`rm -f -- ${[key, CERTIFICATE]}`;

/** node_exporter reads both at each connection: nothing has to be started again. */
function make({ host: { name } }: Site): Script {
  const names = `subjectAltName=DNS:${name},DNS:localhost,IP:127.0.0.1`;
  return sh`
    ${enterFolderOf(key)}
    stage
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days ${DAYS} -subj ${`/CN=${name}`} \
      -addext ${names} -keyout key -out crt 2>/dev/null
    chgrp -- ${NAME} key crt
    chmod 0640 key
    chmod 0644 crt
    put key ${basename(key)}
    put crt ${basename(CERTIFICATE)}`;
}

import { isIP } from "node:net";
import {
  directory,
  file,
  type HostVars,
  http,
  optional,
  type Resource,
  readVars,
  reveal,
  type Script,
  Secret,
  type Site,
  secret,
  sh,
  type Text,
  VarError,
} from "hostwright";
import { bcryptHash } from "../bcrypt.ts";
import { bracketed, environments, gatewayOf, groups } from "../endpoints.ts";
import { template } from "../templates.ts";
import { reachableAt, root } from "./paths.ts";
import type { Settings } from "./settings.ts";
import { checkedBy } from "./validate.ts";

const tags = ["gateway"];
const folder = `${root}/gateway`;
const caddyfilePath = `${folder}/conf/Caddyfile`;

/** The certificate of the gateway's own CA, on the monitoring host; Caddy makes it when it first starts. */
export const CA_CERTIFICATE = `${folder}/data/caddy/pki/authorities/local/root.crt`;

/** Who may push: a file for each environment, also those of other inventories. */
export const USERS = `${folder}/conf/users`;

/** What the compose resource has to know of the gateway. */
export interface GatewayService {
  readonly image: string;
  readonly memory: string;
  readonly ports: readonly string[];
  readonly goMemoryLimit: string;
  /** Changes with the Caddyfile. */
  readonly caddyfile: Text;
  /** Files after whose change it is started again. */
  readonly config: readonly string[];
}

/** Caddy's configuration, and one file of users for each environment of the inventory. Nothing without a gateway. */
export function gatewayResources(settings: Settings, site: Site): readonly Resource[] {
  if (!settings.gateway) return [];
  const folders = ["", "/conf", "/conf/users"].map((name) => directory({ path: `${folder}${name}` }, { tags }));
  return [
    ...folders,
    // It holds the key of the CA.
    directory({ path: `${folder}/data`, mode: "0700" }, { tags }),
    ...Object.entries(userFiles(site)).map(([path, content]) => file({ path, content, mode: "0600" }, { tags })),
    file({ path: caddyfilePath, content: caddyfile(settings, site), validate: validateWith(settings) }, { tags }),
  ];
}

/** The service in the Compose project; undefined without a gateway. */
export function gatewayService(settings: Settings, site: Site): GatewayService | undefined {
  const { gateway, gateway_address: address, gateway_image: image, budget } = settings;
  if (!gateway) return undefined;
  return {
    image,
    memory: `${budget.memory.gateway}m`,
    goMemoryLimit: `${Math.floor(budget.memory.gateway * 0.8)}MiB`,
    ports: [`${address}:80:80`, `${address}:443:443`],
    caddyfile: caddyfile(settings, site),
    // The folder too: the file of an environment that left is gone from it.
    config: [caddyfilePath, USERS, ...Object.keys(userFiles(site))],
  };
}

/** The gateway answers, and lets nobody push who does not say who they are. */
export function gatewayGates(settings: Settings, site: Site): readonly Resource[] {
  const gateway = gatewayOf(site);
  if (!settings.gateway || !gateway) return [];
  const { gateway_address: address } = settings;
  const own = reachableAt(address);
  const names = { caFile: gateway.ownCa ? CA_CERTIFICATE : undefined, connectTo: `${own}:443` };
  const url = `https://${bracketed(gateway.name)}`;
  return [
    http({ name: "the gateway leads from 80 to 443", url: `http://${own}/`, status: 308 }, { tags }),
    http({ name: "Grafana behind the gateway", url: `${url}/api/health`, ...names }, { tags }),
    http(
      { name: "a push without credentials is refused", url: `${url}/loki/api/v1/push`, status: 401, ...names },
      { tags },
    ),
  ];
}

/** Script that prints the certificate of the gateway's CA. */
export const readCaCertificate: Script = sh`cat -- ${CA_CERTIFICATE}`;

function caddyfile({ gateway_acme_email, gateway_domain, grafana_url }: Settings, site: Site): Text {
  const name = gatewayOf(site)?.name ?? "";
  if (gateway_acme_email !== undefined && (gateway_domain === undefined || isIP(gateway_domain) !== 0))
    throw new VarError(
      "gateway_acme_email",
      `found ${gateway_domain ?? "no gateway_domain"}, expected a name: it needs gateway_domain, and there are no certificates by ACME for an address`,
    );
  const names = gateway_acme_email === undefined ? namesOf(name, site.host, grafana_url) : [name];
  return template("monitoring/Caddyfile.hbs", {
    name,
    email: gateway_acme_email ?? "",
    sites: names.map((one) => `https://${bracketed(one)}`),
  });
}

/** The names and addresses that a certificate of the gateway's own CA is for: whatever hosts or people may type. */
function namesOf(name: string, { vars }: HostVars, grafanaUrl: string | undefined): readonly string[] {
  const outside = [vars.address, vars.host, vars.ansible_host].filter((one) => typeof one === "string" && one !== "");
  const typed = grafanaUrl === undefined ? [] : [new URL(grafanaUrl).hostname];
  return [...new Set([name, ...outside.map(String), ...typed])];
}

/** By path. The other environments that share this host have files of their own. */
function userFiles(site: Site): Readonly<Record<string, Text>> {
  return Object.fromEntries(
    environments(site).map(({ name, targets }) => {
      const members = site.hosts(groups.app).filter((host) => targets.some((target) => target.host === host.name));
      const password = passwordOf(name, members);
      const hash = bcryptHash(password, `${name}@gateway`);
      const line = new Secret(() => `${name} ${hash.reveal()}\n`, `user ${name} of the gateway`);
      return [`${USERS}/${name}.caddy`, line];
    }),
  );
}

/** The one password of an environment. Throws where a host has none, or another one. */
function passwordOf(environment: string, members: readonly HostVars[]): Text {
  const read = members.map((host) => {
    const reading = readVars(PASSWORD, host.vars);
    const password = "value" in reading ? reading.value.gateway_password : undefined;
    if (password === undefined)
      throw new Error(
        `host ${host.name}: found no gateway_password, expected the one that environment ${environment} pushes with`,
      );
    return password;
  });
  return new Secret(() => {
    const [first = "", ...others] = read.map(reveal);
    if (others.some((other) => other !== first))
      throw new Error(`environment ${environment}: its hosts have different vars gateway_password, expected one`);
    return first;
  }, `gateway_password of ${environment}`);
}

const PASSWORD = {
  gateway_password: optional(secret("The password that the environment pushes logs and traces with")),
};

function validateWith({ gateway_image: image }: Settings): (staged: Script) => Script {
  return checkedBy({
    image,
    program: "caddy",
    args: (path) => ["validate", "--adapter", "caddyfile", "--config", path],
    folders: { "/etc/caddy/users": USERS },
    name: "Caddyfile",
  });
}

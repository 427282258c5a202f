import { isIP } from "node:net";
import {
  directory,
  file,
  type HostVars,
  http,
  MismatchError,
  type Resource,
  reveal,
  type Script,
  Secret,
  type Site,
  sh,
  sha256,
  type Text,
  VarError,
  type VarsOf,
} from "hostwright";
import { bcryptHash } from "../bcrypt.ts";
import { type ComposePart, defineContainer, escapeDollars, goMemoryLimit, type Stack } from "../container.ts";
import { bracketed, type Environment, environments, varsOfHost } from "../hosts.ts";
import { root } from "../paths.ts";
import { publishAddressOf, publishVars, reachableAt } from "../publish.ts";
import { type Listening, REDIRECT } from "../service.ts";
import { template } from "../templates.ts";
import { checkedBy } from "../validate.ts";
import { loginVars } from "./login.ts";
import { gatewayOf, gatewayUrl } from "./site.ts";
import { gatewayVars } from "./vars.ts";

const vars = { ...publishVars, ...gatewayVars };
type Vars = VarsOf<typeof vars>;

const tags = ["gateway"];
const folder = `${root}/gateway`;
const caddyfilePath = `${folder}/conf/Caddyfile`;

/** The certificate of the gateway's own CA, on the monitoring host; Caddy makes it when it first starts. */
const CA_CERTIFICATE = `${folder}/data/caddy/pki/authorities/local/root.crt`;

/** Who may push: a file for each environment, also those of other inventories. */
const USERS = `${folder}/conf/users`;

/** Keeps nothing. */
const MEMORY_MB = 64;

/** One TLS reverse proxy, Caddy, in front of Grafana and of the push of logs and traces. */
export const gateway = defineContainer({
  name: "gateway",
  vars,
  isOn: ({ gateway }) => gateway,
  image: ({ gateway_image }) => gateway_image,
  share: { least: MEMORY_MB, measured: MEMORY_MB, beyond: 0 },
  environmentFiles: (environment) => [sh`${USERS}/${environment}.caddy`],
  listens,
  plan(vars, stack) {
    const config = { content: caddyfile(vars, stack.site), users: userFiles(stack.site) };
    return {
      compose: composePart(stack, config),
      resources: resources(stack, config),
      gates: gates(stack.site),
    };
  },
});

/** What Caddy reads: its file, and the files of users by path. */
interface Config {
  readonly content: Text;
  readonly users: Readonly<Record<string, Text>>;
}

function listens(_vars: Vars, host: HostVars): readonly Listening[] {
  const common = { address: publishAddressOf(host), setBy: undefined, holders: [] };
  return [
    { ...common, what: "gateway: redirect to 443", port: 80, tls: false, login: REDIRECT },
    {
      ...common,
      what: "gateway: Grafana, push of logs and traces",
      port: 443,
      tls: true,
      login: "Grafana's own login; a user and password for each environment",
    },
  ];
}

/** Caddy's configuration, and one file of users for each environment of the inventory. */
function resources({ image }: Stack, { content, users }: Config): readonly Resource[] {
  const folders = ["", "/conf", "/conf/users"].map((name) => directory({ path: `${folder}${name}` }, { tags }));
  return [
    ...folders,
    // It holds the key of the CA.
    directory({ path: `${folder}/data`, mode: "0700" }, { tags }),
    ...Object.entries(users).map(([path, user]) => file({ path, content: user, mode: "0600" }, { tags })),
    file({ path: caddyfilePath, content, validate: validateWith(image) }, { tags }),
  ];
}

function composePart({ site, image, memoryMb }: Stack, { content, users }: Config): ComposePart {
  const address = publishAddressOf(site.host);
  const values = {
    image,
    memory: `${memoryMb}m`,
    goMemoryLimit: goMemoryLimit(memoryMb, 0.8),
    ports: [`${address}:80:80`, `${address}:443:443`],
    config: sha256(content),
    health: ["CMD", "wget", "-q", "--spider", "http://127.0.0.1:2020/"],
  };
  return {
    text: template("gateway/service.hbs", escapeDollars(values)),
    // The folder too: the file of an environment that left is gone from it.
    config: [caddyfilePath, USERS, ...Object.keys(users)],
  };
}

/** The gateway answers, and lets nobody push who does not say who they are. */
function gates(site: Site): readonly Resource[] {
  const own = reachableAt(publishAddressOf(site.host));
  const names = { caFile: gatewayOf(site)?.ownCa ? CA_CERTIFICATE : undefined, connectTo: `${own}:443` };
  const url = gatewayUrl(site);
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

function caddyfile({ gateway_acme_email, gateway_domain }: Vars, site: Site): Text {
  const name = gatewayOf(site)?.name ?? "";
  if (gateway_acme_email !== undefined && (gateway_domain === undefined || isIP(gateway_domain) !== 0))
    throw new VarError("gateway_acme_email", {
      found: gateway_domain ?? "no gateway_domain",
      expected: "a name: it needs gateway_domain, and there are no certificates by ACME for an address",
    });
  const names = gateway_acme_email === undefined ? namesOf(name, site.host) : [name];
  return template("gateway/Caddyfile.hbs", {
    name,
    email: gateway_acme_email ?? "",
    sites: names.map((one) => `https://${bracketed(one)}`),
  });
}

/** The names and addresses that a certificate of the gateway's own CA is for: whatever hosts or people may type. */
function namesOf(name: string, { vars }: HostVars): readonly string[] {
  const { address, host, ansible_host, grafana_url } = vars;
  const outside = [address, host, ansible_host].filter((one) => typeof one === "string" && one !== "");
  const typed = typeof grafana_url === "string" ? [new URL(grafana_url).hostname] : [];
  return [...new Set([name, ...outside.map(String), ...typed])];
}

/** By path. The other environments that share this host have files of their own. */
function userFiles(site: Site): Readonly<Record<string, Text>> {
  return Object.fromEntries(
    environments(site).map((environment) => {
      const { name } = environment;
      const hash = bcryptHash(passwordOf(environment), `${name}@gateway`);
      const line = new Secret(() => `${name} ${hash.reveal()}\n`, `user ${name} of the gateway`);
      return [`${USERS}/${name}.caddy`, line];
    }),
  );
}

/** The one password of an environment. Throws where a host has none, or another one. */
function passwordOf({ name, hosts }: Environment): Text {
  const read = hosts.map((host) => {
    const { gateway_password: password } = varsOfHost(loginVars, host);
    if (password === undefined)
      throw new MismatchError({
        message: `host ${host.name}`,
        found: "no gateway_password",
        expected: `the one that environment ${name} pushes with`,
      });
    return password;
  });
  return new Secret(() => {
    const [first = "", ...others] = read.map(reveal);
    if (others.some((other) => other !== first))
      throw new Error(`environment ${name}: its hosts have different vars gateway_password, expected one`);
    return first;
  }, `gateway_password of ${name}`);
}

function validateWith(image: string): (staged: Script) => Script {
  return checkedBy({
    image,
    program: "caddy",
    args: (path) => ["validate", "--adapter", "caddyfile", "--config", path],
    folders: { "/etc/caddy/users": USERS },
    name: "Caddyfile",
  });
}

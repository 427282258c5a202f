import {
  absent,
  command,
  directory,
  type EnvFileDesired,
  file,
  MismatchError,
  optional,
  type Resource,
  type ResourceOptions,
  reveal,
  Secret,
  type Site,
  secret,
  sh,
  type Text,
  type VarsOf,
} from "hostwright";
import { environment } from "../hosts.ts";
import { gatewayOf } from "./site.ts";

/** Vars of an app host that pushes. */
export const loginVars = {
  environment,
  gateway_password: optional(
    secret("The password that the environment pushes logs and traces with, where the monitoring host has a gateway", {
      format: "bcrypt",
    }),
  ),
  gateway_ca: optional(
    secret("The certificate of the gateway's own CA (PEM). Unset: playbooks/site.mts reads it on the monitoring host"),
  ),
};

type Vars = VarsOf<typeof loginVars>;

/** What an app host has of the gateway. */
export const gatewayFolder = "/etc/hostwright";

const PASSWORD_FILE = `${gatewayFolder}/gateway-password`;
const CA_FILE = `${gatewayFolder}/gateway-ca.crt`;
const tags = ["gateway"];

/** What an agent says to the gateway, and how it knows that it is the gateway. */
export interface PushLogin {
  readonly user: string;
  readonly passwordFile: string;
  /** Undefined where the certificate is one that all trust. */
  readonly caFile: string | undefined;
}

/** How this host pushes through the gateway; undefined where there is none, and nobody asks who pushes. */
export function pushLogin({ environment }: Vars, site: Site): PushLogin | undefined {
  const gateway = gatewayOf(site);
  if (!gateway) return undefined;
  return {
    user: environment,
    passwordFile: PASSWORD_FILE,
    caFile: gateway.ownCa ? CA_FILE : undefined,
  };
}

/** The same for a template, whose values are never undefined. */
export function loginValues(vars: Vars, site: Site) {
  const login = pushLogin(vars, site);
  return login ? { ...login, caFile: login.caFile ?? "" } : "";
}

/** How the gateway is known, for all that push. */
export function caResources(vars: Vars, site: Site, options: ResourceOptions): readonly Resource[] {
  const login = pushLogin(vars, site);
  if (!login) return [];
  const { caFile } = login;
  return [
    directory({ path: gatewayFolder }, { tags: options.tags ?? tags }),
    ...(caFile === undefined ? [] : [caResource(caFile, vars, options)]),
  ];
}

/** Who pushes; `group` is the agent's, the only one that may read the password. */
export function passwordResources(vars: Vars, site: Site, group: string): readonly Resource[] {
  const login = pushLogin(vars, site);
  if (!login) return [];
  const content = passwordOf(vars, site);
  return [file({ path: login.passwordFile, content, mode: "0640", group }, { tags })];
}

/** Nothing of either that is not used any more, behind all that read it; with the tag of the agent, whose configuration named it. */
export function unusedLogin(vars: Vars, site: Site, agent: string): readonly Resource[] {
  const login = pushLogin(vars, site);
  const used = [login?.passwordFile, login?.caFile];
  const unused = [PASSWORD_FILE, CA_FILE].filter((path) => !used.includes(path));
  return unused.map((path) => absent({ path }, { tags: [agent] }));
}

/** Those that an agent has read when it started. */
export function loginFiles(vars: Vars, site: Site): readonly string[] {
  const login = pushLogin(vars, site);
  return login ? [login.passwordFile, ...(login.caFile === undefined ? [] : [login.caFile])] : [];
}

/**
 * Entries of the application's environment file by which it sends traces through the gateway. Those that are not needed go: an
 * entry is known as ours by its value, because OpenTelemetry's names are everybody's.
 */
export function loginEntries(vars: Vars, site: Site): Required<Pick<EnvFileDesired, "entries" | "absent">> {
  const login = pushLogin(vars, site);
  const isOurs = { token: `${tokenStart(vars.environment)}*`, certificate: CA_FILE };
  const certificate = login?.caFile;
  return {
    entries: {
      ...(login ? tokenEntries(login, passwordOf(vars, site)) : {}),
      ...(certificate === undefined ? {} : { OTEL_EXPORTER_OTLP_CERTIFICATE: certificate }),
    },
    absent: {
      ...(login
        ? {}
        : {
            TEMPO_AUTHORIZATION: `Basic ${isOurs.token}`,
            OTEL_EXPORTER_OTLP_HEADERS: `Authorization=Basic%20${isOurs.token}`,
          }),
      ...(certificate === undefined ? { OTEL_EXPORTER_OTLP_CERTIFICATE: isOurs.certificate } : {}),
    },
  };
}

function tokenEntries({ user }: PushLogin, password: Text): Readonly<Record<string, Text>> {
  const basic = () => `Basic ${Buffer.from(`${user}:${reveal(password)}`).toString("base64")}`;
  return {
    TEMPO_AUTHORIZATION: new Secret(basic, "TEMPO_AUTHORIZATION"),
    // As OpenTelemetry's own SDK and agent read it: the value is URL-encoded.
    OTEL_EXPORTER_OTLP_HEADERS: new Secret(
      () => `Authorization=${encodeURIComponent(basic())}`,
      "OTEL_EXPORTER_OTLP_HEADERS",
    ),
  };
}

/** What the token of a user begins with, whatever the password: the digits of base64 that the user's name alone decides. */
function tokenStart(user: string): string {
  const bytes = Buffer.from(`${user}:`);
  return bytes.toString("base64").slice(0, Math.floor((bytes.length * 8) / 6));
}

/** Read on the monitoring host by the play before; a run without that leaves what is there. */
function caResource(path: string, { gateway_ca: content }: Vars, options: ResourceOptions): Resource {
  if (content !== undefined) return file({ path, content: withNewline(content) }, options);
  const advice =
    "the certificate of the gateway's CA is not known: run playbooks/site.mts with the monitoring host, or set gateway_ca";
  return command({ name: "the gateway's CA is known", creates: path, run: sh`echo ${advice} >&2; exit 1` }, options);
}

function withNewline(text: Text): Text {
  return typeof text === "string"
    ? `${text.trimEnd()}\n`
    : new Secret(() => `${text.reveal().trimEnd()}\n`, text.source);
}

function passwordOf({ environment, gateway_password: password }: Vars, { host }: Site): Text {
  if (password !== undefined) return password;
  throw new MismatchError({
    message: `host ${host.name}`,
    found: "no gateway_password",
    expected: `the one that environment ${environment} pushes with: the monitoring host has gateway: true`,
  });
}

import {
  command,
  directory,
  file,
  MismatchError,
  optional,
  type Resource,
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

const folder = "/etc/hostwright";
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
    passwordFile: `${folder}/gateway-password`,
    caFile: gateway.ownCa ? `${folder}/gateway-ca.crt` : undefined,
  };
}

/** The same for a template, whose values are never undefined. */
export function loginValues(vars: Vars, site: Site) {
  const login = pushLogin(vars, site);
  return login ? { ...login, caFile: login.caFile ?? "" } : "";
}

/** The files that `pushLogin` names; `group` is the agent's, the only one that may read the password. */
export function loginResources(vars: Vars, site: Site, group: string): readonly Resource[] {
  const login = pushLogin(vars, site);
  if (!login) return [];
  const { passwordFile: path, caFile } = login;
  return [
    directory({ path: folder }, { tags }),
    ...(caFile === undefined ? [] : [caResource(caFile, vars)]),
    file({ path, content: passwordOf(vars, site), mode: "0640", group }, { tags }),
  ];
}

/** Those that an agent has read when it started. */
export function loginFiles(vars: Vars, site: Site): readonly string[] {
  const login = pushLogin(vars, site);
  return login ? [login.passwordFile, ...(login.caFile === undefined ? [] : [login.caFile])] : [];
}

/** Entries of the application's environment file by which it sends traces through the gateway. */
export function loginEntries(vars: Vars, site: Site): Readonly<Record<string, Text>> {
  const login = pushLogin(vars, site);
  if (!login) return {};
  const password = passwordOf(vars, site);
  const token = () => Buffer.from(`${login.user}:${reveal(password)}`).toString("base64");
  return {
    TEMPO_AUTHORIZATION: new Secret(() => `Basic ${token()}`, "TEMPO_AUTHORIZATION"),
    // As OpenTelemetry's own SDK and agent read it: the value is URL-encoded.
    OTEL_EXPORTER_OTLP_HEADERS: new Secret(
      () => `Authorization=${encodeURIComponent(`Basic ${token()}`)}`,
      "OTEL_EXPORTER_OTLP_HEADERS",
    ),
    ...(login.caFile === undefined ? {} : { OTEL_EXPORTER_OTLP_CERTIFICATE: login.caFile }),
  };
}

/** Read on the monitoring host by the play before; a run without that leaves what is there. */
function caResource(path: string, { gateway_ca: content }: Vars): Resource {
  if (content !== undefined) return file({ path, content: withNewline(content) }, { tags });
  const advice =
    "the certificate of the gateway's CA is not known: run playbooks/site.mts with the monitoring host, or set gateway_ca";
  return command({ name: "the gateway's CA is known", creates: path, run: sh`echo ${advice} >&2; exit 1` }, { tags });
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

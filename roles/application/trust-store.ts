import { basename } from "node:path";
import {
  absent,
  command,
  type EnvFileDesired,
  enterFolderOf,
  type Resource,
  type ResourceOptions,
  type Script,
  type Site,
  sh,
  sha256,
  type VarsOf,
} from "hostwright";
import { gatewayFolder, type loginVars, pushLogin } from "../gateway/login.ts";
import { PKCS12_CONFIG } from "./pkcs12.ts";

type Vars = VarsOf<typeof loginVars> & { readonly tracing_enable: boolean; readonly app_trust_store: boolean };

const STORE = `${gatewayFolder}/trust.p12`;

/** The hashes of what the trust store was made of, and its own. */
const MADE_OF = `${gatewayFolder}/trust.sha256`;

/** Of the package ca-certificates. */
const SYSTEM = "/etc/ssl/certs/ca-certificates.crt";

/** Read by the program `java` itself: what its command line says wins, and JAVA_TOOL_OPTIONS is another entry. */
const OPTIONS = "JDK_JAVA_OPTIONS";

export const TRUST_OPTION = "-Djavax.net.ssl.trustStore";

/** The entry by which a JVM trusts the gateway's own CA, where it has to. Others' options in it stay. */
export function trustWords(vars: Vars, site: Site): EnvFileDesired["words"] {
  const word = `${TRUST_OPTION}=${STORE}`;
  return { [OPTIONS]: { word, state: trustedCa(vars, site) === undefined ? "absent" : "present" } };
}

/** The trust store, before the entry that names it; it follows the system's CAs, which a JVM reads when it starts. */
export function trustResources(vars: Vars, site: Site, options: ResourceOptions): readonly Resource[] {
  const ca = trustedCa(vars, site);
  if (ca === undefined) return [];
  return [
    command(
      { name: `trust store ${STORE}`, ...trustStore({ system: SYSTEM, ca, store: STORE, madeOf: MADE_OF }) },
      options,
    ),
  ];
}

/** Nothing of it where it is not needed, behind the entry that named it: a JVM whose trust store is missing trusts nobody. */
export function unusedTrust(vars: Vars, site: Site, options: ResourceOptions): readonly Resource[] {
  if (trustedCa(vars, site) !== undefined) return [];
  return [STORE, MADE_OF].map((path) => absent({ path }, options));
}

/** The certificate that the application's JVM has to be told of: that of the gateway's own CA, where traces go through it. */
export function trustedCa(vars: Vars, site: Site): string | undefined {
  return vars.tracing_enable && vars.app_trust_store ? pushLogin(vars, site)?.caFile : undefined;
}

interface TrustStore {
  readonly system: string;
  readonly ca: string;
  readonly store: string;
  readonly madeOf: string;
}

/**
 * A PKCS12 file of both files' certificates, each marked as trusted. openssl's own `pkcs12 -export` cannot mark them before 3.2,
 * and Java takes no other; keytool may be anywhere. It holds no secret, so it has no password and all may read it.
 */
export function trustStore({ system, ca, store, madeOf }: TrustStore): {
  readonly unless: Script;
  readonly run: Script;
  readonly undo: Script;
} {
  const maker = `# made by ${sha256(PKCS12_CONFIG)}`;
  return {
    unless: sh`
      [ "$(head -n 1 -- ${madeOf})" = ${maker} ]
      sha256sum -c -- ${madeOf}`,
    undo: sh`rm -f -- ${[store, madeOf]}`,
    run: sh`
      openssl x509 -noout -in ${ca} || { echo ${`${ca} has no certificate`} >&2; exit 1; }
      ${enterFolderOf(store)}
      stage
      cat -- ${system} ${ca} | awk ${PKCS12_CONFIG} >config
      openssl asn1parse -genconf config -noout -out store
      chmod 0644 store
      put store ${basename(store)}
      { echo ${maker}; sha256sum -- ${[system, ca, store]}; } >sums
      put sums ${basename(madeOf)}`,
  };
}

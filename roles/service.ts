import type { Facts, Handler, HostVars, Resource, Schema, Site, Text, VarsOf } from "hostwright";
import type { AlertRule } from "./alert.ts";
import type { Dashboard } from "./dashboard.ts";
import { varsOfHost } from "./hosts.ts";
import type { Program } from "./programs.ts";
import type { Occasion, Proof } from "./proof.ts";

/** Who Prometheus is to a service that asks. */
export const METRICS_USER = "prometheus";

/** The login of a port that only leads to another: nobody tells it a password. */
export const REDIRECT = "nothing but a redirect";

/** A port that a service has. */
export interface Listening {
  readonly what: string;
  readonly address: string;
  readonly port: number;
  /** The var that decides the port; undefined where it is fixed. */
  readonly setBy: string | undefined;
  readonly tls: boolean;
  /** How whoever connects has to identify; undefined where nobody has to. */
  readonly login: string | undefined;
  /** Programs on the host itself that may hold it already; none for a port of a container, undefined for one that is not ours to take. */
  readonly holders: readonly string[] | undefined;
}

/** A connection that a service makes to another host. */
export interface Reaching {
  /** The host's name. */
  readonly to: string;
  readonly what: string;
  readonly url: string;
}

/** Series by a label's value. */
export interface LeftOut {
  /** The metric's name, without what histograms and summaries add to it. */
  readonly metric: string;
  readonly label: string;
  readonly values: readonly string[];
}

/** How Prometheus reads a service of an app host. */
export interface Scrape {
  /** `address:port`. */
  readonly target: string;
  /** Where the application decides them; otherwise /metrics, by the scheme of its login. */
  readonly place?: { readonly scheme: "http" | "https"; readonly path: string; readonly verifyTls: boolean };
  /** Series that are not stored: only the monitoring itself makes them grow. */
  readonly leftOut?: LeftOut;
  /** It wants TLS and this password, as these vars say; undefined where it wants neither. */
  readonly login?: { readonly password: Text; readonly setBy: string } | undefined;
}

/** That Prometheus reads a service, and what: told by the host, or by the vars that the service reads there. */
interface Scraped<By> {
  /** Tells kinds of metrics apart: job `dev_os_metrics` reads kind `os` of environment `dev`. */
  readonly kind: string;
  /** As findings call them: "host metrics". */
  readonly what: string;
  /** A metric that is surely among them. */
  known(by: By): string;
  how(by: By, host: HostVars): Scrape;
  /** Where the host itself reads them. */
  ownUrl(by: By): string;
}

/** One program, and what others have to know of it. All that is asked of a host here is decided by its vars alone. */
export interface Service {
  /** As its unit or container and its tag are called. */
  readonly name: string;
  readonly vars: Schema;
  /** Whether this host gets it. */
  isOn(host: HostVars): boolean;
  listens(host: HostVars): readonly Listening[];
  reaches(site: Site): readonly Reaching[];
  /** Undefined for what Prometheus does not read on app hosts. */
  readonly scraped: Scraped<HostVars> | undefined;
  /** What Grafana tells of when something is wrong with it. */
  readonly alerts: readonly AlertRule[];
  /** What Grafana shows of it. */
  readonly dashboards: readonly Dashboard[];
}

/** A service of app hosts: a program under systemd. */
export interface HostService extends Service {
  /** It sends to the monitoring host: without one it is left as it is. */
  readonly sends: boolean;
  /** The most memory that it may take, in MB. */
  memoryMb(host: HostVars): number;
  program(host: HostVars): Program | undefined;
  /** Its systemd unit; undefined where nobody says what it is called. */
  unit(host: HostVars): string | undefined;
  resources(site: Site, facts: Facts): readonly Resource[];
  /** Conditions that hold once it runs. */
  gates(site: Site): readonly Resource[];
  /** That what it sends or shows arrives; of one that is only read, its metrics are proven in any case. */
  readonly proofs: ((site: Site, occasion: Occasion) => readonly Proof[]) | undefined;
  handlers(host: HostVars): Readonly<Record<string, Handler>>;
}

export interface ServiceDefinition<S extends Schema> {
  readonly name: string;
  readonly vars: S;
  isOn?(vars: VarsOf<S>): boolean;
  listens(vars: VarsOf<S>, host: HostVars): readonly Listening[];
  reaches?(vars: VarsOf<S>, site: Site): readonly Reaching[];
  readonly scraped?: Scraped<VarsOf<S>>;
  readonly alerts?: readonly AlertRule[];
  readonly dashboards?: readonly Dashboard[];
}

interface HostServiceDefinition<S extends Schema> extends ServiceDefinition<S> {
  readonly sends?: boolean;
  memoryMb(vars: VarsOf<S>): number;
  program?(vars: VarsOf<S>): Program;
  /** Called as the service unless given. */
  unit?(vars: VarsOf<S>): string | undefined;
  resources(vars: VarsOf<S>, site: Site, facts: Facts): readonly Resource[];
  gates?(vars: VarsOf<S>): readonly Resource[];
  proofs?(site: Site, occasion: Occasion): readonly Proof[];
  handlers?(vars: VarsOf<S>): Readonly<Record<string, Handler>>;
}

/** Returns a service whose functions read its vars of whatever host they are asked about. */
export function defineService<const S extends Schema>(definition: ServiceDefinition<S>): Service {
  const { name, vars, scraped } = definition;
  const of = (host: HostVars) => varsOfHost(vars, host);
  return {
    name,
    vars,
    isOn: (host) => definition.isOn?.(of(host)) ?? true,
    listens: (host) => definition.listens(of(host), host),
    reaches: (site) => definition.reaches?.(of(site.host), site) ?? [],
    scraped: scraped && {
      ...scraped,
      known: (host) => scraped.known(of(host)),
      how: (host) => scraped.how(of(host), host),
      ownUrl: (host) => scraped.ownUrl(of(host)),
    },
    alerts: definition.alerts ?? [],
    dashboards: definition.dashboards ?? [],
  };
}

/** The same for a service of app hosts. */
export function defineHostService<const S extends Schema>(definition: HostServiceDefinition<S>): HostService {
  const of = (host: HostVars) => varsOfHost(definition.vars, host);
  return {
    ...defineService(definition),
    sends: definition.sends ?? false,
    memoryMb: (host) => definition.memoryMb(of(host)),
    program: (host) => definition.program?.(of(host)),
    unit: (host) => (definition.unit ? definition.unit(of(host)) : `${definition.name}.service`),
    resources: (site, facts) => definition.resources(of(site.host), site, facts),
    gates: ({ host }) => definition.gates?.(of(host)) ?? [],
    proofs: definition.proofs,
    handlers: (host) => definition.handlers?.(of(host)) ?? {},
  };
}

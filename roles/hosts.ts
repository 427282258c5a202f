import {
  type HostVars,
  MismatchError,
  optional,
  readVars,
  type Schema,
  type Site,
  string,
  VarError,
  type VarsOf,
} from "hostwright";

/** The groups that the roles know each other by. */
export const groups = { monitoring: "monitoring", app: "app" } as const;

/** How the other hosts reach a host. Both roles have it. */
export const address = optional(
  string("How the other hosts reach this one: a private address or a name. Unset: the address SSH connects to", {
    format: "address",
  }),
);

export const environment = string("Which environment the host belongs to; a label of all its logs and metrics", {
  pattern: "^[a-z][a-z0-9_-]*$",
});

/** The app hosts of one environment, in inventory order. */
export interface Environment {
  readonly name: string;
  readonly hosts: readonly HostVars[];
}

/** Returns the environments of the app hosts, in the order in which the inventory names them first. */
export function environments(site: Site): readonly Environment[] {
  const members = site.hosts(groups.app).map((host) => ({ host, name: environmentOf(host) }));
  const names = [...new Set(members.map(({ name }) => name))];
  return names.map((name) => ({
    name,
    hosts: members.filter((one) => one.name === name).map(({ host }) => host),
  }));
}

/** Returns the environment of an app host. */
export function environmentOf(host: HostVars): string {
  return varsOfHost({ environment }, host).environment;
}

/** How other hosts reach this one. Throws where that can only be the host itself. */
export function addressOf({ name, vars }: HostVars): string {
  const { address, host, ansible_host } = vars;
  const known = Object.entries({ address, host, ansible_host }).find(
    ([, one]) => typeof one === "string" && one !== "",
  );
  const [variable, value] = known ?? ["address", name];
  const text = String(value);
  if (/^(localhost|127\..*|::1)$/.test(text)) {
    const found = `the address ${text}, which other hosts cannot reach`;
    throw new VarError(variable, { found, expected: 'one that they reach: set its var "address"' }, name);
  }
  return text;
}

/** `address:port`, with the brackets that an IPv6 address needs. */
export function endpoint(address: string, port: number): string {
  return `${bracketed(address)}:${port}`;
}

/** An address as a URL has it. */
export function bracketed(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}

/** Whether the inventory has a monitoring host, for logs and traces to be sent to. */
export function hasMonitoring(site: Site): boolean {
  return site.hosts(groups.monitoring).length > 0;
}

/** Returns the one monitoring host. Throws where there is none, or more. */
export function monitoringHost(site: Site): HostVars {
  const [host, ...others] = site.hosts(groups.monitoring);
  if (host && others.length === 0) return host;
  const found = host ? [host, ...others].map(({ name }) => name).join(", ") : "none";
  const expected = "exactly one host: app hosts send it logs and traces";
  throw new MismatchError({ message: `group ${groups.monitoring}`, found, expected });
}

/** Returns some of a host's vars. Another host's are checked when that host is planned: here only those that matter to this one. */
export function varsOfHost<S extends Schema>(schema: S, host: HostVars): VarsOf<S> {
  const reading = readVars(schema, host.vars);
  if ("value" in reading) return reading.value;
  const problems = reading.errors.map(({ instancePath, message }) => `${instancePath.slice(1)} ${message}`.trim());
  throw new Error(`host ${host.name}: ${problems.join("; ")}`);
}

import { parse } from "yaml";
import { type Facts, type HostVars, type Resource, reveal, Secret, type Site, type Text } from "../../engine/index.ts";

/** What a small monitoring host says of itself. */
export const monitoringFacts = factsOf({ machine: "x86_64", os: { id: "debian", version: "13", name: "Debian 13" } });
/** What a small arm64 app host says of itself. */
export const appFacts = factsOf({ machine: "aarch64", os: { id: "ubuntu", version: "24.04", name: "Ubuntu 24.04" } });

/** A monitoring host with these vars. */
export function monitoringHost(vars: HostVars["vars"] = {}): HostVars {
  const grafana_admin_password = new Secret("it's a secret", "test");
  return { name: "mon", groups: ["monitoring"], vars: { host: "192.0.2.10", grafana_admin_password, ...vars } };
}

/** An app host of an environment, with these vars. */
export function appHost(name: string, environment: string, vars: HostVars["vars"] = {}): HostVars {
  return { name, groups: ["app"], vars: { host: `${name}.example.internal`, environment, ...vars } };
}

/** Hashes as a lock file has them, of archives that the role has no pin for. */
export const releases: Site["releases"] = {
  "process-exporter-0.8.7.linux-arm64.tar.gz": { sha256: "c".repeat(64), source: "upstream" },
  "promtail-linux-arm64.zip": { sha256: "a".repeat(64), source: "upstream" },
  "promtail-linux-amd64.zip": { sha256: "b".repeat(64), source: "upstream" },
};

/** The site of these hosts, seen from the first. */
export function siteOf(hosts: readonly [HostVars, ...HostVars[]], locked: Site["releases"] = releases): Site {
  const [host] = hosts;
  return {
    host,
    first: true,
    inventory: ["inventory/lab.yml"],
    hosts: (group) => hosts.filter(({ groups }) => groups.includes(group)),
    releases: locked,
  };
}

/** The whole content of the file or unit that these resources hold at a path or under a name. */
export function textOf(resources: readonly Resource[], id: string): string {
  const found = resources.find((resource) => resource.id === id && contentOf(resource) !== undefined);
  if (!found) throw new Error(`found no ${id} among ${resources.map((resource) => resource.id).join(", ")}`);
  return reveal(contentOf(found) ?? "");
}

/** The same, as the YAML or JSON that it is. */
export function dataOf(resources: readonly Resource[], id: string): Record<string, never> {
  return parse(textOf(resources, id), { merge: true });
}

/** Every file that these resources write, by path. */
export function filesOf(resources: readonly Resource[]): ReadonlyMap<string, string> {
  const files = resources.filter(({ kind }) => kind.name === "file");
  return new Map(files.map((resource) => [resource.id, reveal(contentOf(resource) ?? "")]));
}

/** `kind id` of each, in order. */
export function namesOf(resources: readonly Resource[]): readonly string[] {
  return resources.map(({ kind, id }) => `${kind.name} ${id}`);
}

function contentOf({ desired }: Resource): Text | undefined {
  return (desired as { readonly content?: Text }).content;
}

function factsOf(own: Pick<Facts, "machine" | "os">): Facts {
  return {
    hostname: "test",
    cpus: 2,
    memoryBytes: 2 * 1024 ** 3,
    disks: { "/": { bytes: 20 * 1024 ** 3, freeBytes: 20 * 1024 ** 3 } },
    addresses: [],
    bootId: "1b4e28ba-2fa1-11d2-883f-0016d3cca427",
    systemd: true,
    loginUser: "ubuntu",
    becomeBy: "nothing",
    changedBefore: false,
    ...own,
  };
}

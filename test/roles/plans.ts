import { parse } from "yaml";
import {
  type Facts,
  type HostVars,
  type Resource,
  type Role,
  reveal,
  type Site,
  type Text,
} from "../../engine/index.ts";
import { app } from "../../roles/app/index.ts";
import { monitoring } from "../../roles/monitoring/index.ts";
import { appFacts, appHost, monitoringFacts, monitoringHost, releases, siteOf } from "./site.ts";

type Vars = HostVars["vars"];

/** A container in the Compose file. */
export interface ComposeService {
  readonly image: string;
  readonly ports: readonly string[];
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly volumes: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly mem_limit: string;
  readonly memswap_limit: string;
  readonly restart: string;
  readonly logging: { readonly driver: string; readonly options: Readonly<Record<string, string>> };
  readonly healthcheck: { readonly test: readonly string[]; readonly interval: string };
}

interface Project {
  readonly content: Text;
  readonly services: Readonly<Record<string, { readonly image: string; readonly config?: readonly string[] }>>;
}

/** What a role makes of the first host of a site. Throws on vars that do not fit. */
export function planOf(role: Role, site: Site, facts: Facts) {
  const reading = role.plan(site.host, facts, site);
  if ("errors" in reading) throw new Error(JSON.stringify(reading.errors));
  return reading.value;
}

/** What a monitoring host with these vars gets, for these app hosts. */
export function monitoringPlan(vars: Vars = {}, apps: readonly HostVars[] = [], facts: Facts = monitoringFacts) {
  return planOf(monitoring, siteOf([monitoringHost(vars), ...apps]), facts);
}

/** What an app host with these vars gets, for a monitoring host with those. */
export function appPlan(vars: Vars = {}, { locked = releases, facts = appFacts, monitoringVars = {} as Vars } = {}) {
  return planOf(app, siteOf([appHost("app-1", "dev", vars), monitoringHost(monitoringVars)], locked), facts);
}

/** The facts of a monitoring host of this size. */
export function sizedFacts(memoryBytes: number, diskBytes: number): Facts {
  return { ...monitoringFacts, memoryBytes, disks: { "/": { bytes: diskBytes, freeBytes: diskBytes } } };
}

/** What the resource of which the id begins so wants. */
export function desiredOf<T = Readonly<Record<string, unknown>>>(resources: readonly Resource[], start: string): T {
  const found = resources.find(({ id }) => id.startsWith(start));
  if (!found) throw new Error(`found no ${start} among ${resources.map(({ id }) => id).join(", ")}`);
  return found.desired as T;
}

/** The Compose project. */
export function projectOf(resources: readonly Resource[]): Project {
  const found = resources.find(({ kind }) => kind.name === "compose");
  if (!found) throw new Error("found no Compose project");
  return found.desired as Project;
}

/** The Compose file's text. */
export function composeTextOf(resources: readonly Resource[]): string {
  return reveal(projectOf(resources).content);
}

/** The containers in the Compose file. */
export function servicesOf(resources: readonly Resource[]): Readonly<Record<string, ComposeService>> {
  return parse(composeTextOf(resources), { merge: true }).services;
}

/** One of them. */
export function serviceOf(resources: readonly Resource[], name: string): ComposeService {
  const found = servicesOf(resources)[name];
  if (!found) throw new Error(`found no service ${name}`);
  return found;
}

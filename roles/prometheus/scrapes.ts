import type { HostVars, Site, Text } from "hostwright";
import { hostServices } from "../app/services.ts";
import { environments } from "../hosts.ts";
import type { Scrape } from "../service.ts";
import { jobName } from "./job-name.ts";

/** What Prometheus reads of a host. */
export interface Target extends Scrape {
  readonly kind: string;
  /** The service. */
  readonly what: string;
  readonly host: string;
  readonly environment: string;
}

/** What Prometheus reads of one kind in one environment: one job, and one file of targets. */
export interface Job {
  readonly name: string;
  readonly environment: string;
  readonly targets: readonly Target[];
}

/** All kinds of metrics that services have. */
export const KINDS: readonly string[] = hostServices.flatMap(({ scraped }) => scraped?.kind ?? []);

/** Returns what Prometheus reads of a host, in the order of the services. */
export function targetsOf(host: HostVars, environment: string): readonly Target[] {
  return hostServices
    .filter((service) => service.isOn(host))
    .flatMap(({ name: what, scraped }) =>
      scraped ? [{ ...scraped.how(host, host), kind: scraped.kind, what, host: host.name, environment }] : [],
    );
}

/** Returns the jobs of this site's environments. */
export function jobsOf(site: Site): readonly Job[] {
  return environments(site).flatMap(({ name: environment, hosts }) => {
    const targets = hosts.flatMap((host) => targetsOf(host, environment));
    return KINDS.map((kind) => ({
      name: jobName(environment, kind),
      environment,
      targets: targets.filter((target) => target.kind === kind),
    })).filter((job) => job.targets.length > 0);
  });
}

/** One job has one password for all of its targets, and would tell it to those that do not ask. */
export function passwordOf({ environment, targets }: Job): Text | undefined {
  const logins = targets.map(({ login }) => login);
  const [first] = logins.filter((one) => one !== undefined);
  if (first && logins.includes(undefined))
    throw new Error(`environment ${environment}: ${first.setBy} is to be the same on all of its hosts`);
  return first?.password;
}

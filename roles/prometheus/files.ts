import type { Text } from "hostwright";
import { root } from "../paths.ts";
import { METRICS_USER } from "../service.ts";
import { template } from "../templates.ts";
import { dropRules } from "./drop.ts";
import { type Job, passwordOf } from "./scrapes.ts";

export type Files = Readonly<Record<string, Text>>;

/** Prometheus' folder on the host; in the container it is /etc/prometheus. */
export const folder = `${root}/prometheus`;

/** By path: one file for all jobs of an environment. */
export function jobFiles(jobs: readonly Job[]): Files {
  const names = [...new Set(jobs.map(({ environment }) => environment))];
  return Object.fromEntries(
    names.map((name) => {
      const own = jobs.filter(({ environment }) => environment === name);
      return [`${folder}/jobs/${name}.yml`, template("prometheus/jobs.yml.hbs", { jobs: own.map(jobValues) })];
    }),
  );
}

function jobValues(job: Job) {
  const { name, targets } = job;
  const placed = targets.flatMap(({ place }) => place ?? []);
  return {
    name,
    targets: targetsPath("/etc/prometheus", job),
    login: passwordOf(job) === undefined ? "" : { user: METRICS_USER, file: passwordPath("/etc/prometheus", job) },
    drops: dropRules(targets),
    placed: placed.length > 0 ? { skipVerify: placed.some(({ verifyTls }) => !verifyTls) } : "",
  };
}

/** By path: one file a job, which Prometheus watches by itself. */
export function targetFiles(jobs: readonly Job[]): Files {
  return Object.fromEntries(
    jobs.map((job) => {
      const targets = job.targets.map((target) => ({ ...target, place: target.place ?? "" }));
      return [targetsPath(folder, job), template("prometheus/targets.yml.hbs", { targets })];
    }),
  );
}

function targetsPath(base: string, { name }: Job): string {
  return `${base}/targets/${name}.yml`;
}

/** Where a job finds its password, on the host or in the container. */
export function passwordPath(base: string, { environment }: Job): string {
  return `${base}/secrets/${environment}_metrics_password`;
}

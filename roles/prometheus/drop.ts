import { literally } from "../promql.ts";
import type { LeftOut } from "../service.ts";
import type { Target } from "./scrapes.ts";

/** A rule by which Prometheus forgets series as it reads them. */
interface Drop {
  readonly labels: readonly string[];
  /** Of the labels' values, joined by ";". */
  readonly regex: string;
}

/**
 * One rule for all hosts that leave out the same. A job reads many hosts, and a path that one has for its health may be
 * another's page: so each rule names its hosts.
 */
export function dropRules(targets: readonly Pick<Target, "host" | "leftOut">[]): readonly Drop[] {
  const hosts = new Map<string, string[]>();
  for (const { host, leftOut } of targets) {
    if (!leftOut) continue;
    const key = JSON.stringify(leftOut);
    hosts.set(key, [...(hosts.get(key) ?? []), host]);
  }
  return [...hosts].map(([key, names]) => drop(JSON.parse(key), names));
}

/** The path itself, and what is below it: "/healthcheck/**" is how Micrometer calls a group of health checks. */
function drop({ metric, label, values }: LeftOut, hosts: readonly string[]): Drop {
  const parts = [anyOf(hosts), `${literally(metric)}(_.*)?`, `${anyOf(values)}(/.*)?`];
  return { labels: ["host", "__name__", label], regex: parts.join(";") };
}

function anyOf(texts: readonly string[]): string {
  return `(${texts.map(literally).join("|")})`;
}

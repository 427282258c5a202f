import { type Said, type Script, sh, type VarsOf } from "hostwright";
import { literally } from "../promql.ts";
import { ownMetricsUrl } from "./proof.ts";
import type { applicationVars } from "./vars.ts";

type Vars = VarsOf<typeof applicationVars>;
type Paths = Pick<Vars, "app_metrics_path" | "app_health_path">;

const REQUESTS = "http_server_requests_seconds_count";

/** What the application did since it last started. */
export interface Activity {
  /** The host's clock, in seconds. */
  readonly now: number;
  /** In seconds; undefined where nobody says it. */
  readonly started: number | undefined;
  /** All but scrapes and health checks; undefined where its metrics cannot be read. */
  readonly requests: number | undefined;
}

/** Script for the app host that asks systemd and the application's own metrics page. */
export function askActivity(vars: Vars): Script {
  const options = ["-q", "-sf", "-k", "-g", "-m", "10"];
  return sh`
    date '+now %s'
    ${vars.app_service === undefined ? sh`:` : unitStarted(vars.app_service)}
    if page=$(curl ${options} -- ${ownMetricsUrl(vars)}); then
      echo page
      printf '%s\\n' "$page" | grep -E ${`^(process_start_time_seconds|${REQUESTS})[{ ]`} || :
    fi`;
}

function unitStarted(unit: string): Script {
  return sh`
    at=$(systemctl show --value -p ActiveEnterTimestamp -- ${unit})
    [ -z "$at" ] || date -d "$at" '+unit %s'`;
}

/** Reads what `askActivity` printed. */
export function activityOf({ stdout }: Said, paths: Paths): Activity {
  const rows = stdout.split("\n");
  const word = (name: RegExp) => rows.map((row) => name.exec(row)?.[1]).find((value) => value !== undefined);
  const started = word(/^unit (\d+)$/) ?? word(/^process_start_time_seconds(?:\{.*\})? (\S+)/);
  const counted = rows.filter((row) => row.startsWith(REQUESTS) && !isOurs(row, paths));
  return {
    now: Number(word(/^now (\d+)$/) ?? 0),
    started: started === undefined ? undefined : Math.floor(Number(started)),
    requests: rows.includes("page") ? counted.reduce((sum, row) => sum + countIn(row), 0) : undefined,
  };
}

/** Prometheus' scrapes and health checks, which nobody has to trace. */
function isOurs(row: string, { app_metrics_path, app_health_path: health }: Paths): boolean {
  const [, uri = ""] = /[{,]uri="([^"]*)"/.exec(row) ?? [];
  return uri === app_metrics_path || (health !== "" && (uri === health || uri.startsWith(`${health}/`)));
}

function countIn(row: string): number {
  const count = Number(/\} (\S+)/.exec(row)?.[1]);
  return Number.isFinite(count) ? count : 0;
}

/** PromQL: the same requests of one host, by these labels, in the seconds before now. */
export function requestsIn(seconds: number, labels: string, { app_metrics_path, app_health_path }: Paths): string {
  const health = app_health_path === "" ? "" : `|${literally(app_health_path)}(/.*)?`;
  const ours = JSON.stringify(`${literally(app_metrics_path)}${health}`);
  return `sum(increase(${REQUESTS}${labels.replace(/\}$/, `,uri!~${ours}}`)}[${seconds}s]))`;
}

/** A time as people write it. */
export function timeOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}

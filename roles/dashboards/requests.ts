import { grown, orZero, type Span } from "../promql.ts";

const REQUESTS = "http_server_requests_seconds_count";

/** Labels that a request has that the application answered with 500 or more, whether or not it handled the failure. */
export const FAILED = 'status=~"5.."';

/** A time that has requests enough to speak of a part of them. */
const LATELY: Span = { range: "5m", seconds: 300 };

/** PromQL: answered requests a second, by these labels; `chosen` selects series. 0 for an application that nobody asked. */
export function requestRate(chosen: string, by: string): string {
  return orZero(sum(by, `rate(${REQUESTS}{${chosen}}[$__rate_interval])`), isThere(chosen, by));
}

/** PromQL: failed requests a second, by labels that requests have. 0 where there are others. */
export function failureRate(chosen: string, by: string): string {
  const rate = (labels: string) => sum(by, `rate(${REQUESTS}{${labels}}[$__rate_interval])`);
  return orZero(rate(joined(FAILED, chosen)), rate(chosen));
}

/** PromQL: the part of the requests of the last five minutes that failed. 0 where there were none. */
export function failedPart(chosen: string, by: string): string {
  const failed = sum(by, grown(`${REQUESTS}{${joined(FAILED, chosen)}}`, LATELY));
  const all = sum(by, grown(`${REQUESTS}{${chosen}}`, LATELY));
  // Less than one request is none: 0 of 0 is 0, and no division.
  return `${orZero(failed, all)} / clamp_min(${all}, 1) or ${isThere(chosen, by)} * 0`;
}

/** An application that is read has this, from its start on. */
function isThere(chosen: string, by: string): string {
  return sum(by, `process_uptime_seconds{${chosen}}`);
}

function sum(by: string, series: string): string {
  return by === "" ? `sum(${series})` : `sum by (${by}) (${series})`;
}

function joined(...labels: readonly string[]): string {
  return labels.filter((one) => one !== "").join(",");
}

/** A stretch of time, as PromQL writes it and in seconds: Grafana has variables for both. */
export interface Span {
  readonly range: string;
  readonly seconds: number | "$__range_s";
}

/** The time that a dashboard shows. */
export const shown: Span = { range: "$__range", seconds: "$__range_s" };

/**
 * PromQL: how much each counter grew in that time. increase() alone does not see the step from nothing to a series' first
 * value, and the first failure of its kind is such a step: a series that began in that time counts with all that it has.
 * It began then if its target was read before, or was started since; else it may only not have been read.
 */
export function grown(series: string, { range, seconds }: Span): string {
  const wasRead = `up offset ${range} == 1 or time() - process_start_time_seconds < ${seconds}`;
  return `(${series} unless ${series} offset ${range} and on (job, instance) (${wasRead}) or increase(${series}[${range}]))`;
}

/** PromQL: the part, or 0 where only the whole is known. Nothing failed, which is not the same as not to know. */
export function orZero(part: string, whole: string): string {
  return `(${part} or ${whole} * 0)`;
}

/** A text as a regular expression of Prometheus that stands for itself. */
export function literally(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, "\\$&");
}

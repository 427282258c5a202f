import { spawnSync } from "node:child_process";
import type { Test } from "tap";
import { stringify } from "yaml";

/** Why tests of what PromQL comes to are skipped. */
export const noPromtool = spawnSync("promtool", ["--version"]).error ? "needs promtool (Debian: prometheus)" : false;

export interface PromqlCase {
  readonly expr: string;
  /** By series, in promtool's notation, from minute 0 on, one value each 15 s. */
  readonly series: Readonly<Record<string, string>>;
  /** By labels, at minute 20. */
  readonly answer: Readonly<Record<string, number>>;
}

/** Asserts what the real Prometheus' own evaluation makes of a query. */
export function evaluates(t: Test, { expr, series, answer }: PromqlCase): void {
  const input_series = Object.entries(series).map(([name, values]) => ({ series: name, values }));
  const exp_samples = Object.entries(answer).map(([labels, value]) => ({ labels, value }));
  const text = expr.replaceAll("$__rate_interval", "1m");
  const promql_expr_test = [{ expr: text, eval_time: "20m", exp_samples }];
  const tests = [{ interval: "15s", input_series, promql_expr_test }];
  const dir = t.testdir({ "test.yml": stringify({ rule_files: [], evaluation_interval: "15s", tests }) });
  const { status, stdout, stderr } = spawnSync("promtool", ["test", "rules", `${dir}/test.yml`], { encoding: "utf8" });
  t.equal(status, 0, status === 0 ? JSON.stringify(answer) : `${stdout}${stderr}`);
}

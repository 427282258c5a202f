import t from "tap";
import { applicationAlerts } from "../../../roles/application/alerts.ts";
import { failedPart, failureRate, requestRate } from "../../../roles/dashboards/requests.ts";
import { logAlerts } from "../../../roles/loki/alerts.ts";
import { traceAlerts } from "../../../roles/tempo/alerts.ts";
import { evaluates, noPromtool as skip } from "../../support/promtool.ts";

const ofHost = (host: string) => `environment="dev",host="${host}",instance="${host}:8081",job="dev_app_metrics"`;
const count = (host: string, uri: string, status: string) =>
  `http_server_requests_seconds_count{${ofHost(host)},method="GET",uri="${uri}",status="${status}"}`;
/** It runs since long before minute 0, and is read each time. */
const runs = (host: string) => ({
  [`up{${ofHost(host)}}`]: "1x100",
  [`process_start_time_seconds{${ofHost(host)}}`]: "-9000x100",
  [`process_uptime_seconds{${ofHost(host)}}`]: "9000+15x100",
});
const errorRate = applicationAlerts.find(({ uid }) => uid === "hostwright-error-rate")?.expr ?? "";
const discarded = [...logAlerts, ...traceAlerts].filter(({ uid }) => uid.endsWith("-discarded"));

t.test("no failure is 0, for each host, with the labels that an alert names", { skip }, async (t) => {
  const series = {
    ...runs("a"),
    ...runs("b"),
    [count("a", "/x", "200")]: "0+10x100",
    [count("b", "/x", "404")]: "0+1x100",
  };
  const none = { '{environment="dev", host="a"}': 0, '{environment="dev", host="b"}': 0 };
  evaluates(t, { expr: errorRate, series, answer: none });
  evaluates(t, { expr: failureRate("", "environment, host"), series, answer: none });
  evaluates(t, { expr: failedPart("", ""), series, answer: { "{}": 0 } });
});

t.test("an application that nobody asked has 0 requests, and one that is not read has none", { skip }, async (t) => {
  for (const expr of [requestRate("", "host"), failedPart("", "host")]) {
    evaluates(t, { expr, series: runs("a"), answer: { '{host="a"}': 0 } });
    evaluates(t, { expr, series: { 'up{host="a"}': "0x100" }, answer: {} });
  }
});

t.test("requests that stopped are no division by nothing", { skip }, async (t) => {
  const series = { ...runs("a"), [count("a", "/x", "200")]: "5x100", [count("a", "/x", "500")]: "5x100" };
  evaluates(t, { expr: failedPart("", "host"), series, answer: { '{host="a"}': 0 } });
});

t.test(
  "failures count by host and by path, handled or not: Micrometer has the status of the answer",
  { skip },
  async (t) => {
    const series = {
      ...runs("a"),
      ...runs("b"),
      [count("a", "/x", "200")]: "0+15x100",
      [count("a", "/y", "500")]: "0+5x100",
      [count("b", "/x", "200")]: "0+15x100",
    };
    evaluates(t, {
      expr: errorRate,
      series,
      answer: { '{environment="dev", host="a"}': 0.25, '{environment="dev", host="b"}': 0 },
    });
    evaluates(t, { expr: failureRate("", "uri"), series, answer: { '{uri="/x"}': 0, '{uri="/y"}': 5 / 15 } });
  },
);

t.test("the first failure of its kind counts: a series that begins within the time is all new", { skip }, async (t) => {
  // From minute 18 on there are 3 failed requests, and no more. The others are 20 in five minutes.
  const series = { ...runs("a"), [count("a", "/x", "200")]: "0+1x100", [count("a", "/x", "500")]: "_x72 3x28" };
  evaluates(t, { expr: failedPart("", "host"), series, answer: { '{host="a"}': 3 / 23 } });
  evaluates(t, { expr: `sum(increase(${count("a", "/x", "500")}[5m]))`, series, answer: { "{}": 0 } });
});

t.test(
  "what was there before counts once: a series that was only not read for a while is not new",
  { skip },
  async (t) => {
    const series = {
      [`up{${ofHost("a")}}`]: "1x20 _x52 1x28",
      [`process_start_time_seconds{${ofHost("a")}}`]: "-9000x20 _x52 -9000x28",
      [`process_uptime_seconds{${ofHost("a")}}`]: "1x100",
      [count("a", "/x", "200")]: "100x20 _x52 100x28",
      [count("a", "/x", "500")]: "50x20 _x52 50x28",
    };
    evaluates(t, { expr: failedPart("", "host"), series, answer: { '{host="a"}': 0 } });
  },
);

const store = (name: string, labels: string) => `${name}{job="s",instance="s:1"${labels}}`;
const stores = {
  'up{job="s",instance="s:1"}': "1x100",
  'process_start_time_seconds{job="s",instance="s:1"}': "-9000x100",
};
const received = {
  [store("loki_distributor_lines_received_total", "")]: "0+100x100",
  [store("tempo_distributor_spans_received_total", "")]: "0+100x100",
};

for (const { title, expr } of discarded) {
  const metric = title.startsWith("Loki") ? "loki_discarded_samples_total" : "tempo_discarded_spans_total";

  t.test(`"${title}" is 0 without discards, and sees the first at once`, { skip }, async (t) => {
    evaluates(t, { expr, series: { ...stores, ...received }, answer: { "{}": 0 } });
    evaluates(t, {
      expr,
      series: { ...stores, ...received, [store(metric, ',reason="too_old"')]: "_x76 7x24" },
      answer: { "{}": 0, '{reason="too_old"}': 7 },
    });
    evaluates(t, {
      expr,
      series: { ...stores, ...received, [store(metric, ',reason="too_old"')]: "7x100" },
      answer: { "{}": 0, '{reason="too_old"}': 0 },
    });
  });

  t.test(`"${title}" counts what came before the first look at a store that has just started`, { skip }, async (t) => {
    const series = {
      'up{job="s",instance="s:1"}': "_x70 1x30",
      'process_start_time_seconds{job="s",instance="s:1"}': "_x70 1000x30",
      [store(metric, ',reason="too_old"')]: "_x70 7x30",
    };
    evaluates(t, { expr, series: { ...received, ...series }, answer: { "{}": 0, '{reason="too_old"}': 7 } });
  });
}

t.test("what Loki refuses with 429 is sent again, and is no alert", { skip }, async (t) => {
  const again = ["rate_limited", "per_stream_rate_limit", "stream_limit"];
  const series = Object.fromEntries(
    again.map((reason) => [store("loki_discarded_samples_total", `,reason="${reason}"`), "0+100x100"]),
  );
  evaluates(t, { expr: discarded[0]?.expr ?? "", series: { ...stores, ...received, ...series }, answer: { "{}": 0 } });
});

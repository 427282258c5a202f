import { readFileSync, writeFileSync } from "node:fs";
import t from "tap";
import type { HostVars } from "../../../engine/index.ts";
import { dataOf, memoryOf } from "../../../roles/monitoring/budget.ts";
import { membersOf } from "../../../roles/monitoring/stack.ts";
import { monitoringPlan, serviceOf, sizedFacts } from "../plans.ts";
import { monitoringHost, siteOf, textOf } from "../site.ts";

const GB = 1024 ** 3;

/** What each container of a host of this size may take, and what it keeps. */
function budget(memoryGb: number, vars: HostVars["vars"] = {}, diskGb = 20) {
  const members = membersOf(siteOf([monitoringHost(vars)]), sizedFacts(memoryGb * GB, diskGb * GB));
  const part = (name: string) => members.find(({ container }) => container.name === name)?.stack;
  const memory = Object.fromEntries(members.map(({ container, stack }) => [container.name, stack.memoryMb]));
  return {
    memory,
    total: Object.values(memory).reduce((a, b) => a + b),
    memoryOf: (name: string) => part(name)?.memoryMb ?? 0,
    keeps: { loki: part("loki")?.keeps, prometheus: part("prometheus")?.keeps, tempo: part("tempo")?.keeps },
  };
}

/** What the files say that a host of this size gets. */
function written(memoryGb: number) {
  const { resources } = monitoringPlan({}, [], sizedFacts(memoryGb * GB, 20 * GB));
  const loki = textOf(resources, "/opt/monitoring/loki/loki.yaml");
  const tempo = textOf(resources, "/opt/monitoring/tempo/tempo.yaml");
  const numbers = (text: string, key: string) =>
    [...text.matchAll(new RegExp(`${key}[:=] ?"?(\\d+)`, "g"))].map(([, number]) => Number(number));
  const number = (text: string, key: string) => numbers(text, key)[0] ?? Number.NaN;
  const [resultsCache = Number.NaN, chunkCache = Number.NaN] = numbers(loki, "max_size_mb");
  return {
    goMemoryLimit: (name: string) => Number.parseInt(serviceOf(resources, name).environment.GOMEMLIMIT ?? "", 10),
    loki: {
      replayCeiling: number(loki, "replay_memory_ceiling"),
      resultsCache,
      chunkCache,
      ingestionRate: number(loki, "ingestion_rate_mb"),
      concurrentQueries: number(loki, "max_concurrent"),
    },
    tempo: {
      liveTracesBytes: number(tempo, "max_live_traces_bytes"),
      ingestionBytes: number(tempo, "rate_limit_bytes"),
      liveTraces: number(tempo, "max_traces_per_user"),
    },
    querySamples: number(serviceOf(resources, "prometheus").command.join("\n"), "--query.max-samples"),
  };
}

for (const gateway of [false, true]) {
  // 916 MB and 1864 MB: what the kernel of a "1 GB" and a "2 GB" machine has left for itself to give.
  for (const gb of [916 / 1024, 1, 1864 / 1024, 2, 3, 4, 8, 16, 64]) {
    t.test(`${gb.toFixed(2)} GB${gateway ? " with the gateway" : ""}: a quarter of the memory is left`, async (t) => {
      if (gateway && gb < 0.96) return t.throws(() => budget(gb, { gateway }), /gateway 64/);
      const { total, memoryOf } = budget(gb, { gateway });
      t.ok(total <= gb * 1024 * 0.75);
      t.ok(total > gb * 1024 * 0.75 - 40, "and not much more than that");
      t.equal(memoryOf("gateway"), gateway ? 64 : 0);
      const least = { grafana: 176, loki: 192, prometheus: 160, tempo: 144 };
      for (const [name, mb] of Object.entries(least)) t.ok(memoryOf(name) >= mb, name);
    });
  }
}

t.test("2 GB give what was measured to hold", async (t) => {
  const { loki, tempo } = written(2);
  t.same(budget(2).memory, { grafana: 384, loki: 448, prometheus: 384, tempo: 320 });
  t.same(loki, { replayCeiling: 128, resultsCache: 16, chunkCache: 32, ingestionRate: 4, concurrentQueries: 2 });
  t.same(tempo, { liveTracesBytes: 50_000_000, ingestionBytes: 5_000_000, liveTraces: 5000 });
});

t.test("no program gets less on a larger host", async (t) => {
  let before = budget(0.9);
  for (let gb = 1; gb <= 32; gb += 0.5) {
    const now = budget(gb);
    for (const name of ["grafana", "loki", "prometheus", "tempo"])
      t.ok(now.memoryOf(name) >= before.memoryOf(name), `${name} at ${gb} GB`);
    before = now;
  }
});

t.test("what a program holds in memory fits its limit", async (t) => {
  for (const gb of [1, 2, 4, 8, 64]) {
    const { memoryOf } = budget(gb);
    const { loki, tempo, querySamples } = written(gb);
    t.ok(loki.replayCeiling + loki.resultsCache + loki.chunkCache < memoryOf("loki") / 2, `loki at ${gb} GB`);
    t.ok(tempo.liveTracesBytes < (memoryOf("tempo") * 1024 ** 2) / 4, `tempo at ${gb} GB`);
    t.ok(querySamples * 16 <= (memoryOf("prometheus") * 1024 ** 2) / 4, `prometheus at ${gb} GB`);
  }
});

t.test("a var sets a limit; the others stay; the sum is checked all the same", async (t) => {
  t.same(budget(2, { loki_memory_mb: 400 }).memory, { ...budget(2).memory, loki: 400 });
  t.throws(
    () => budget(2, { loki_memory_mb: 600 }),
    /2048 MB of memory, of which containers may take 1536 MB .* grafana 384 \+ loki 600 \+ prometheus 384 \+ tempo 320 = 1688 MB/,
  );
  const small = { grafana_memory_mb: 128, loki_memory_mb: 160, prometheus_memory_mb: 144, tempo_memory_mb: 128 };
  t.doesNotThrow(() => budget(0.75, small));
});

t.test("a host that is too small is refused with the sums", async (t) => {
  t.throws(
    () => budget(0.5),
    /512 MB of memory, of which containers may take 384 MB \(three quarters\); they need at least grafana 176 \+ loki 192 \+ prometheus 160 \+ tempo 144 = 672 MB: use a host with 896 MB or more/,
  );
  t.throws(() => budget(896 / 1024, { gateway: true }), /\+ gateway 64 = 736 MB: use a host with 982 MB/);
  t.doesNotThrow(() => budget(896 / 1024));
  t.throws(
    () => budget(2, {}, 8),
    /data may take 0 MB of the disk \(three quarters of what 8 GB .* leave of 8 GB\), and needs logs 768 \+ metrics 320 \+ traces 256 = 1344 MB: .* \(the vars that end in _mb_per_day\)/,
  );
  t.throws(() => budget(2, {}, 4), /data may take 0 MB/);
  t.doesNotThrow(() => budget(2, {}, 11));
});

t.test("retention follows the disk, and what is expected a day; vars win, within the disk", async (t) => {
  t.same(budget(2).keeps, { loki: 14 * 24, prometheus: 2580, tempo: 7 * 24 });
  t.match(budget(2, {}, 1000).keeps, { loki: 30 * 24, tempo: 14 * 24 });
  t.match(budget(2, { logs_mb_per_day: 1536 }).keeps, { loki: 3 * 24 });
  t.match(budget(2, { traces_mb_per_day: 1024 }).keeps, { tempo: 24 });
  t.match(budget(2, { data_disk_gb: 4 }).keeps, { loki: 5 * 24, tempo: 3 * 24 });
  const own = { loki_retention_hours: 48, tempo_retention_hours: 12, prometheus_retention_size_mb: 4096 };
  t.same(budget(2, own).keeps, { loki: 48, prometheus: 4096, tempo: 12 });
  t.throws(
    () => budget(2, { loki_retention_hours: 2400 }),
    /\(three quarters .*\), and needs logs 26112 \+ metrics 3225 \+ traces 1792 = 31129 MB/,
  );
  t.throws(() => budget(2, { data_disk_gb: 4, loki_retention_hours: 2400 }), /4096 MB of the disk \(data_disk_gb\)/);
  t.throws(() => budget(2, { data_disk_gb: 21 }), /data_disk_gb is 21, and the disk has 20 GB/);
});

t.test("what changes by itself changes nothing: parts of a GB of disk, parts of 8 MB of memory", async (t) => {
  const { memory, keeps } = budget(2);
  const other = budget(2 + 100_000 / GB, {}, 20.9);
  t.same([other.memory, other.keeps], [memory, keeps]);
});

t.test("memory is shared among whatever containers there are: evenly at first, then by their parts", async (t) => {
  const wishes = [
    { name: "a", least: 100, measured: 200, beyond: 0.5, wishedMb: undefined },
    { name: "b", least: 100, measured: 400, beyond: 0.25, wishedMb: undefined },
  ];
  const shares = (hostMb: number) => Object.fromEntries(memoryOf(hostMb, wishes));
  t.same(shares(268), { a: 96, b: 96 }, "the least, in steps of 8 MB");
  t.same(shares(800), { a: 200, b: 400 });
  t.same(shares(800 + 1280), { a: 200 + 480, b: 400 + 240 });
});

t.test("data is asked of whoever keeps any, and named as each calls it", async (t) => {
  const wish = (needsMb: number) => ({ name: "a", what: "things", plan: (mb: number) => ({ keeps: mb, needsMb }) });
  t.same([...dataOf(20, undefined, [wish(1)])], [["a", 9216]]);
  t.same([...dataOf(20, 10, [wish(1)])], [["a", 10_240]]);
  t.throws(() => dataOf(20, undefined, [wish(9217)]), /needs things 9217 = 9217 MB/);
  t.same([...dataOf(8, undefined, [])], []);
});

const page = "docs/sizing.md";
const [open, close] = ["<!-- made by npm run generate -->", "<!-- end -->"];

t.test(`the table in ${page} is what they get; if not: npm run generate`, async (t) => {
  const text = readFileSync(page, "utf8");
  const [before = "", rest = ""] = text.split(open);
  const wanted = `${before}${open}\n${table()}\n${close}${rest.split(close)[1]}`;
  if (process.env.WRITE === "1") writeFileSync(page, wanted);
  else t.equal(text, wanted);
});

function table(): string {
  const sizes = [1, 2, 4, 8].map((gb) => ({ gb, ...budget(gb), ...written(gb) }));
  const row = (name: string, value: (of: (typeof sizes)[number]) => string) => [name, ...sizes.map(value)];
  const mb = (value: number) => `${value} MB`;
  const rows = [
    ...["Grafana", "Loki", "Prometheus", "Tempo"].map((name) =>
      row(name, ({ memoryOf }) => mb(memoryOf(name.toLowerCase()))),
    ),
    row("**sum**", ({ total }) => `**${mb(total)}**`),
    row("three quarters of the memory", ({ gb }) => mb(gb * 1024 * 0.75)),
    ...["Grafana", "Loki"].map((name) =>
      row(`${name}'s \`GOMEMLIMIT\``, ({ goMemoryLimit }) => mb(goMemoryLimit(name.toLowerCase()))),
    ),
    row("Loki's replay ceiling", ({ loki }) => mb(loki.replayCeiling)),
    row("Loki's caches (results, chunks)", ({ loki }) => `${loki.resultsCache}, ${mb(loki.chunkCache)}`),
    row("Loki's ingestion a second", ({ loki }) => mb(loki.ingestionRate)),
    row("Tempo's live traces", ({ tempo }) => `${tempo.liveTraces}, ${Math.round(tempo.liveTracesBytes / 1e6)} MB`),
    row("Tempo's ingestion a second", ({ tempo }) => `${(tempo.ingestionBytes / 1e6).toFixed(1)} MB`),
    row("Prometheus' samples a query", ({ querySamples }) => `${(querySamples / 1e6).toFixed(1)} million`),
  ];
  return markdown(["host", ...sizes.map(({ gb }) => `${gb} GB`)], rows);
}

function markdown(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(heading), line(heading.map(() => "---")), ...rows.map(line)].join("\n");
}

import { readFileSync, writeFileSync } from "node:fs";
import t from "tap";
import { type Budget, budgetOf, type Wishes } from "../../roles/monitoring/budget.ts";

const GB = 1024 ** 3;
const nothing: Wishes = { memoryMb: {}, gateway: false, logsMbPerDay: 512, tracesMbPerDay: 256 };

function budget(memoryGb: number, wishes: Partial<Wishes> = {}, diskGb = 20): Budget {
  return budgetOf({ memoryBytes: memoryGb * GB, diskBytes: diskGb * GB }, { ...nothing, ...wishes });
}

const total = ({ memory }: Budget) => Object.values(memory).reduce((a, b) => a + b);

for (const gateway of [false, true]) {
  // 916 MB and 1864 MB: what the kernel of a "1 GB" and a "2 GB" machine has left for itself to give.
  for (const gb of [916 / 1024, 1, 1864 / 1024, 2, 3, 4, 8, 16, 64]) {
    t.test(`${gb.toFixed(2)} GB${gateway ? " with the gateway" : ""}: a quarter of the memory is left`, async (t) => {
      if (gateway && gb < 0.96) return t.throws(() => budget(gb, { gateway }), /gateway 64/);
      const { memory } = budget(gb, { gateway });
      t.ok(total(budget(gb, { gateway })) <= gb * 1024 * 0.75);
      t.ok(total(budget(gb, { gateway })) > gb * 1024 * 0.75 - 40, "and not much more than that");
      t.equal(memory.gateway, gateway ? 64 : 0);
      t.ok(memory.grafana >= 176 && memory.loki >= 192 && memory.prometheus >= 160 && memory.tempo >= 144);
    });
  }
}

t.test("2 GB give what was measured to hold", async (t) => {
  const { memory, loki, tempo } = budget(2);
  t.same(memory, { grafana: 384, loki: 448, prometheus: 384, tempo: 320, gateway: 0 });
  t.match(loki, { replayCeiling: 128, resultsCache: 16, chunkCache: 32, ingestionRate: 4, concurrentQueries: 2 });
  t.match(tempo, { liveTracesBytes: 50_000_000, ingestionBytes: 5_000_000, liveTraces: 5000 });
});

t.test("no program gets less on a larger host", async (t) => {
  let before = budget(0.9);
  for (let gb = 1; gb <= 32; gb += 0.5) {
    const now = budget(gb);
    for (const name of ["grafana", "loki", "prometheus", "tempo"] as const)
      t.ok(now.memory[name] >= before.memory[name], `${name} at ${gb} GB`);
    before = now;
  }
});

t.test("what a program holds in memory fits its limit", async (t) => {
  for (const gb of [1, 2, 4, 8, 64]) {
    const { memory, loki, tempo, prometheus } = budget(gb);
    t.ok(loki.replayCeiling + loki.resultsCache + loki.chunkCache < memory.loki / 2, `loki at ${gb} GB`);
    t.ok(tempo.liveTracesBytes < (memory.tempo * 1024 ** 2) / 4, `tempo at ${gb} GB`);
    t.ok(prometheus.querySamples * 16 <= (memory.prometheus * 1024 ** 2) / 4, `prometheus at ${gb} GB`);
  }
});

t.test("a var sets a limit; the others stay; the sum is checked all the same", async (t) => {
  t.same(budget(2, { memoryMb: { loki: 400 } }).memory, { ...budget(2).memory, loki: 400 });
  t.throws(
    () => budget(2, { memoryMb: { loki: 600 } }),
    /2048 MB of memory, of which containers may take 1536 MB .* grafana 384 \+ loki 600 \+ prometheus 384 \+ tempo 320 = 1688 MB/,
  );
  t.doesNotThrow(() => budget(0.75, { memoryMb: { grafana: 128, loki: 160, prometheus: 144, tempo: 128 } }));
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
    /data may take 0 MB of the disk \(three quarters of what 8 GB .* leave of 8 GB\), and needs metrics 320 \+ logs 768 \+ traces 256 = 1344 MB/,
  );
  t.throws(() => budget(2, {}, 4), /data may take 0 MB/);
  t.doesNotThrow(() => budget(2, {}, 11));
});

t.test("retention follows the disk, and what is expected a day; vars win, within the disk", async (t) => {
  t.match(budget(2), {
    loki: { retentionHours: 14 * 24 },
    tempo: { retentionHours: 7 * 24 },
    prometheus: { retentionMb: 2580 },
  });
  t.match(budget(2, {}, 1000), { loki: { retentionHours: 30 * 24 }, tempo: { retentionHours: 14 * 24 } });
  t.match(budget(2, { logsMbPerDay: 1536 }), { loki: { retentionHours: 3 * 24 } });
  t.match(budget(2, { tracesMbPerDay: 1024 }), { tempo: { retentionHours: 24 } });
  t.match(budget(2, { dataDiskGb: 4 }), { loki: { retentionHours: 5 * 24 }, tempo: { retentionHours: 3 * 24 } });
  const own = { lokiRetentionHours: 48, tempoRetentionHours: 12, prometheusRetentionMb: 4096 };
  t.match(budget(2, own), {
    loki: { retentionHours: 48 },
    tempo: { retentionHours: 12 },
    prometheus: { retentionMb: 4096 },
  });
  t.throws(() => budget(2, { lokiRetentionHours: 2400 }), /metrics 3225 \+ logs 26112 \+ traces 1792 = 31129 MB/);
  t.throws(() => budget(2, { dataDiskGb: 21 }), /data_disk_gb is 21, and the disk has 20 GB/);
});

t.test("what changes by itself changes nothing: parts of a GB of disk, parts of 8 MB of memory", async (t) => {
  const exact = budgetOf({ memoryBytes: 2 * GB, diskBytes: 20 * GB }, nothing);
  t.same(budgetOf({ memoryBytes: 2 * GB + 100_000, diskBytes: 20.9 * GB }, nothing), exact);
});

const page = "docs/sizing.md";
const [open, close] = ["<!-- made by TAP_SNAPSHOT=1 node --import=tsx test/roles/budget.test.ts -->", "<!-- end -->"];

t.test(
  `the table in ${page} is what the function says; if not: TAP_SNAPSHOT=1 node --import=tsx test/roles/budget.test.ts`,
  async (t) => {
    const text = readFileSync(page, "utf8");
    const [before = "", rest = ""] = text.split(open);
    const wanted = `${before}${open}\n${table()}\n${close}${rest.split(close)[1]}`;
    if (process.env.TAP_SNAPSHOT === "1") writeFileSync(page, wanted);
    else t.equal(text, wanted);
  },
);

function table(): string {
  const sizes = [1, 2, 4, 8].map((gb) => [gb, budget(gb)] as const);
  const row = (name: string, value: (of: Budget) => string) => [name, ...sizes.map(([, of]) => value(of))];
  const mb = (value: number) => `${value} MB`;
  const rows = [
    row("Grafana", ({ memory }) => mb(memory.grafana)),
    row("Loki", ({ memory }) => mb(memory.loki)),
    row("Prometheus", ({ memory }) => mb(memory.prometheus)),
    row("Tempo", ({ memory }) => mb(memory.tempo)),
    row("**sum**", (of) => `**${mb(total(of))}**`),
    ["three quarters of the memory", ...sizes.map(([gb]) => mb(gb * 1024 * 0.75))],
    row("Grafana's `GOMEMLIMIT`", ({ memory }) => mb(Math.floor(memory.grafana * 0.75))),
    row("Loki's `GOMEMLIMIT`", ({ memory }) => mb(Math.floor(memory.loki * 0.8))),
    row("Loki's replay ceiling", ({ loki }) => mb(loki.replayCeiling)),
    row("Loki's caches (results, chunks)", ({ loki }) => `${loki.resultsCache}, ${mb(loki.chunkCache)}`),
    row("Loki's ingestion a second", ({ loki }) => mb(loki.ingestionRate)),
    row("Tempo's live traces", ({ tempo }) => `${tempo.liveTraces}, ${Math.round(tempo.liveTracesBytes / 1e6)} MB`),
    row("Tempo's ingestion a second", ({ tempo }) => `${(tempo.ingestionBytes / 1e6).toFixed(1)} MB`),
    row("Prometheus' samples a query", ({ prometheus }) => `${(prometheus.querySamples / 1e6).toFixed(1)} million`),
  ];
  return markdown(["host", ...sizes.map(([gb]) => `${gb} GB`)], rows);
}

function markdown(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(heading), line(heading.map(() => "---")), ...rows.map(line)].join("\n");
}

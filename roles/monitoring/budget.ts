import { UnsupportedMachine } from "hostwright";

/**
 * What each program of the monitoring host may take, from the size of the host alone. Only sizes that never change by
 * themselves go in (all memory, the whole disk), so two runs on one host agree, however full it is.
 * docs/sizing.md shows the results and where the figures come from.
 */

/** Memory of all containers together, as a part of the host's: the rest is for the system, Docker and its file cache. */
const CONTAINERS_SHARE = 0.75;
/** Memory of the gateway, which is Caddy: it keeps nothing. */
const GATEWAY_MB = 64;
/** What each needs to start and to answer, for a handful of hosts. */
const LEAST = { grafana: 176, loki: 192, prometheus: 160, tempo: 144 } as const;
/** Up to these, which 2 GB have room for and which were measured to hold, memory is shared as in the first list; beyond, as in the second. */
const MEASURED = { grafana: 384, loki: 448, prometheus: 384, tempo: 320 } as const;
const BEYOND = { grafana: 0.1, loki: 0.45, prometheus: 0.3, tempo: 0.15 } as const;
const STEP_MB = 8;

/** Disk that the system, Docker's images and rotated logs are left. */
const SYSTEM_GB = 8;
/** Data's part of the rest: no file system likes to be full, and the stores write before they delete. */
const DATA_SHARE = 0.75;
const DISK_SHARES = { prometheus: 0.35, loki: 0.45, tempo: 0.2 } as const;
/** Prometheus' size limit counts blocks, not the head and its write-ahead log. */
const BLOCKS_SHARE = 0.8;
/** Loki's chunks are at most half as large as the lines in them. */
const LOKI_RATIO = 0.5;
const LONGEST_DAYS = { loki: 30, tempo: 14 } as const;

const services = ["grafana", "loki", "prometheus", "tempo"] as const;
type Service = (typeof services)[number];

/** What vars say in the place of the computed values; and what to expect. */
export interface Wishes {
  readonly memoryMb: Readonly<Partial<Record<Service, number | undefined>>>;
  readonly gateway: boolean;
  readonly dataDiskGb?: number | undefined;
  /** Of all hosts together, as text, a day. */
  readonly logsMbPerDay: number;
  readonly tracesMbPerDay: number;
  readonly lokiRetentionHours?: number | undefined;
  readonly tempoRetentionHours?: number | undefined;
  readonly prometheusRetentionMb?: number | undefined;
}

/** All in MB of 1024 × 1024 bytes unless the name says otherwise. */
export interface Budget {
  readonly memory: Readonly<Record<Service, number>> & { readonly gateway: number };
  readonly loki: {
    readonly retentionHours: number;
    readonly replayCeiling: number;
    readonly resultsCache: number;
    readonly chunkCache: number;
    readonly ingestionRate: number;
    readonly concurrentQueries: number;
  };
  readonly tempo: {
    readonly retentionHours: number;
    readonly liveTracesBytes: number;
    readonly ingestionBytes: number;
    readonly liveTraces: number;
  };
  readonly prometheus: { readonly retentionMb: number; readonly querySamples: number };
}

/** Returns the budget of a host of this size. Throws, with the sums, where the stack does not fit. */
export function budgetOf(host: { readonly memoryBytes: number; readonly diskBytes: number }, wishes: Wishes): Budget {
  const memory = memoryOf(Math.floor(host.memoryBytes / 1024 ** 2), wishes);
  const disk = diskOf(Math.floor(host.diskBytes / 1024 ** 3), wishes);
  return {
    memory,
    loki: {
      retentionHours: disk.lokiHours,
      replayCeiling: Math.floor((memory.loki * 2) / 7),
      resultsCache: Math.floor(memory.loki / 28),
      chunkCache: Math.floor(memory.loki / 14),
      ingestionRate: Math.min(16, Math.max(2, Math.floor(memory.loki / 112))),
      concurrentQueries: memory.loki >= 1024 ? 4 : 2,
    },
    tempo: {
      retentionHours: disk.tempoHours,
      liveTracesBytes: memory.tempo * 156_250,
      ingestionBytes: memory.tempo * 15_625,
      liveTraces: Math.floor(memory.tempo * 15.625),
    },
    // 16 bytes a sample: one query may take a quarter of the memory. The default would take twice the memory of a 2 GB host's.
    prometheus: { retentionMb: disk.prometheusMb, querySamples: memory.prometheus * 16_384 },
  };
}

function memoryOf(hostMb: number, { memoryMb, gateway: withGateway }: Wishes): Budget["memory"] {
  const gateway = withGateway ? GATEWAY_MB : 0;
  const room = Math.floor(hostMb * CONTAINERS_SHARE);
  const least = { ...LEAST, ...given(memoryMb), gateway };
  if (sum(least) > room) throw tooSmall(hostMb, room, least, "need at least");
  const memory = { ...shared(room - gateway), ...given(memoryMb), gateway };
  if (sum(memory) > room) throw tooSmall(hostMb, room, memory, "would get");
  return memory;
}

/** Shares this much memory out, in steps of 8 MB. */
function shared(room: number): Record<Service, number> {
  const scarce = Math.min(1, Math.max(0, (room - sum(LEAST)) / (sum(MEASURED) - sum(LEAST))));
  const beyond = Math.max(0, room - sum(MEASURED));
  const share = (name: Service) => LEAST[name] + (MEASURED[name] - LEAST[name]) * scarce + BEYOND[name] * beyond;
  return byService((name) => Math.floor(share(name) / STEP_MB) * STEP_MB);
}

function diskOf(diskGb: number, wishes: Wishes) {
  const { dataDiskGb, logsMbPerDay, tracesMbPerDay } = wishes;
  const dataMb = Math.floor((dataDiskGb ?? (diskGb - SYSTEM_GB) * DATA_SHARE) * 1024);
  if (dataDiskGb !== undefined && dataDiskGb > diskGb)
    throw new UnsupportedMachine(`data_disk_gb is ${dataDiskGb}, and the disk has ${diskGb} GB`);
  const lokiDays = (dataMb * DISK_SHARES.loki - logsMbPerDay) / (logsMbPerDay * LOKI_RATIO);
  const tempoDays = (dataMb * DISK_SHARES.tempo) / tracesMbPerDay;
  const lokiHours = wishes.lokiRetentionHours ?? wholeDays(lokiDays, LONGEST_DAYS.loki);
  const tempoHours = wishes.tempoRetentionHours ?? wholeDays(tempoDays, LONGEST_DAYS.tempo);
  const prometheusMb =
    wishes.prometheusRetentionMb ?? Math.max(256, Math.floor(dataMb * DISK_SHARES.prometheus * BLOCKS_SHARE));
  const needs = {
    metrics: Math.ceil(prometheusMb / BLOCKS_SHARE),
    logs: Math.ceil(logsMbPerDay + (logsMbPerDay * LOKI_RATIO * Math.max(24, lokiHours)) / 24),
    traces: Math.ceil((tracesMbPerDay * Math.max(24, tempoHours)) / 24),
  };
  if (sum(needs) > dataMb) throw noDisk(diskGb, dataMb, needs, wishes);
  return { lokiHours, tempoHours, prometheusMb };
}

function wholeDays(days: number, longest: number): number {
  return Math.min(longest, Math.max(1, Math.floor(days))) * 24;
}

function tooSmall(
  hostMb: number,
  room: number,
  wanted: Readonly<Record<string, number>>,
  verb: string,
): UnsupportedMachine {
  const enough = Math.ceil(sum(wanted) / CONTAINERS_SHARE);
  return new UnsupportedMachine(
    `the host has ${hostMb} MB of memory, of which containers may take ${room} MB (three quarters); they ${verb} ${spell(wanted)} MB: ` +
      `use a host with ${enough} MB or more, or lower the vars that end in _memory_mb`,
  );
}

function noDisk(
  diskGb: number,
  dataMb: number,
  needs: Readonly<Record<string, number>>,
  { dataDiskGb }: Wishes,
): UnsupportedMachine {
  const from = `three quarters of what ${SYSTEM_GB} GB for the system and images leave of ${diskGb} GB`;
  return new UnsupportedMachine(
    `data may take ${Math.max(0, dataMb)} MB of the disk (${dataDiskGb === undefined ? from : "data_disk_gb"}), and needs ${spell(needs)} MB: ` +
      "use a larger disk, set data_disk_gb, or lower the retention or what is expected a day (logs_mb_per_day, traces_mb_per_day)",
  );
}

function spell(parts: Readonly<Record<string, number>>): string {
  const named = Object.entries(parts).filter(([, size]) => size > 0);
  return `${named.map(([name, size]) => `${name} ${size}`).join(" + ")} = ${sum(parts)}`;
}

function sum(parts: Readonly<Record<string, number>>): number {
  return Object.values(parts).reduce((total, part) => total + part, 0);
}

function byService(value: (name: Service) => number): Record<Service, number> {
  return { grafana: value("grafana"), loki: value("loki"), prometheus: value("prometheus"), tempo: value("tempo") };
}

function given(memoryMb: Wishes["memoryMb"]): Partial<Record<Service, number>> {
  return Object.fromEntries(services.flatMap((name) => (memoryMb[name] === undefined ? [] : [[name, memoryMb[name]]])));
}

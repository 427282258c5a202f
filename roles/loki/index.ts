import { directory, type FileDesired, file, http, sha256, VarError, type VarsOf } from "hostwright";
import {
  type ComposePart,
  type DataPlan,
  defineContainer,
  escapeDollars,
  goMemoryLimit,
  type Stack,
} from "../container.ts";
import { imageVersion, isBefore } from "../images.ts";
import { marked } from "../marker.ts";
import { root } from "../paths.ts";
import { publishedOn } from "../publish.ts";
import { shrinking } from "../retention.ts";
import { accessOf, type Bucket, bucketOf, checkTogether } from "../s3.ts";
import { template } from "../templates.ts";
import { checkedBy } from "../validate.ts";
import { logAlerts } from "./alerts.ts";
import { ownLokiUrl } from "./ask.ts";
import { logsDashboard } from "./dashboard.ts";
import { TAKEN_BACK_HOURS } from "./push.ts";
import { lokiVars } from "./vars.ts";

type Vars = VarsOf<typeof lokiVars>;

const tags = ["loki"];
const folder = `${root}/loki`;

/** The day from which Loki's first schema holds. */
const FIRST_DAY = "2024-04-01";
/** Loki's chunks are at most half as large as the lines in them. */
const CHUNK_RATIO = 0.5;
const DISK_SHARE = 0.45;
const LONGEST_DAYS = 30;

const kept = { name: "loki", what: "logs", before: " retention_period: ", unit: "h" } as const;

/** Stores logs, which agents push. */
export const loki = defineContainer({
  name: "loki",
  vars: lokiVars,
  alerts: logAlerts,
  dashboards: [logsDashboard],
  image: ({ loki_image }) => loki_image,
  share: { least: 192, measured: 448, beyond: 0.45 },
  wishedMb: ({ loki_memory_mb }) => loki_memory_mb,
  data: { what: "logs", plan: dataPlan },
  // Chunks of the one tenant that there is without authentication. Beside them is the index, and what waits to be deleted.
  stored: { volume: "loki-data", finished: ["./chunks/fake/?*"] },
  metrics: "loki:3100",
  listens: ({ loki_port: port }, host) => [
    {
      what: "Loki: push and query",
      address: publishedOn(host),
      port,
      setBy: "loki_port",
      tls: false,
      login: undefined,
      holders: [],
    },
  ],
  plan(vars, stack) {
    const own = config(vars, stack);
    const url = ownLokiUrl(stack.site.host);
    return {
      compose: composePart(vars, stack, own),
      resources: [
        directory({ path: folder }, { tags }),
        shrinking({ ...kept, path: own.path, keeps: stack.keeps }, tags),
        file(own, { tags }),
      ],
      gates: [http({ url: `${url}/ready` }, { tags })],
      runsConfig: [http({ name: "Loki runs its configuration", url: `${url}/config`, contains: own.mark }, { tags })],
    };
  },
});

function dataPlan({ logs_mb_per_day: perDay, loki_retention_hours }: Vars, dataMb: number): DataPlan {
  const days = Math.floor((dataMb * DISK_SHARE - perDay) / (perDay * CHUNK_RATIO));
  const keeps = loki_retention_hours ?? Math.min(LONGEST_DAYS, Math.max(1, days)) * 24;
  return { keeps, needsMb: Math.ceil(perDay + (perDay * CHUNK_RATIO * Math.max(24, keeps)) / 24) };
}

function composePart(vars: Vars, { image, memoryMb, site }: Stack, { path, content }: FileDesired): ComposePart {
  const values = {
    image,
    memory: `${memoryMb}m`,
    health: health(vars.loki_image),
    config: sha256(content),
    goMemoryLimit: goMemoryLimit(memoryMb, 0.8),
    port: `${publishedOn(site.host)}:${vars.loki_port}:3100`,
  };
  return {
    text: template("loki/service.hbs", escapeDollars(values)),
    config: [path],
  };
}

/** busybox was dropped from the image before `-health` came. */
function health(image: string): readonly string[] {
  const version = imageVersion(image, "loki_image");
  if (isBefore(version, [3, 5, 8])) return ["CMD", "/busybox/wget", "-q", "--spider", "http://127.0.0.1:3100/ready"];
  if (!isBefore(version, [3, 6, 5])) return ["CMD", "/usr/bin/loki", "-health"];
  throw new VarError("loki_image", {
    found: `${image}, which cannot be health-checked`,
    expected: "3.5.7 or older, or 3.6.5 or newer",
  });
}

/** Loki's file, and what Loki shows where it runs that file. */
function config(vars: Vars, { image, memoryMb, keeps }: Stack): FileDesired & { readonly mark: string } {
  const bucket = ownBucket(vars);
  const rate = Math.min(16, Math.max(2, Math.floor(memoryMb / 112)));
  const values = {
    s3: bucket ?? "",
    // What came before that day stays where it is, until it is old enough to be deleted.
    disk: bucket?.from !== FIRST_DAY,
    retention: `${keeps}h`,
    // Half of it is what Loki takes back.
    chunkAge: `${2 * TAKEN_BACK_HOURS}h`,
    oldest: `${Math.max(keeps, TAKEN_BACK_HOURS)}h`,
    replayCeiling: `${Math.floor((memoryMb * 2) / 7)}MB`,
    resultsCache: Math.floor(memoryMb / 28),
    chunkCache: Math.floor(memoryMb / 14),
    rate,
    burst: rate * 2,
    streamRate: `${rate * 768}KB`,
    streamBurst: `${rate * 3840}KB`,
    concurrentQueries: memoryMb >= 1024 ? 4 : 2,
  };
  const args = (path: string) => [`-config.file=${path}`, "-verify-config"];
  return {
    path: `${folder}/loki.yaml`,
    ...accessOf(bucket),
    ...marked((mark) => template("loki/loki.yaml.hbs", { ...values, mark })),
    validate: checkedBy({ image, args, name: "loki.yaml" }),
  };
}

/** Where chunks go: a bucket, from a day on; undefined for Loki's own disk. */
function ownBucket(vars: Vars): (Bucket & { readonly from: string }) | undefined {
  const { loki_s3_from: from } = vars;
  checkTogether("loki_s3_bucket", vars.loki_s3_bucket, "loki_s3_from", from);
  const bucket = bucketOf(vars, "loki_s3_bucket", vars.loki_s3_bucket);
  if (!bucket || from === undefined) return undefined;
  if (from < FIRST_DAY) throw new VarError("loki_s3_from", { found: `"${from}"`, expected: `${FIRST_DAY} or later` });
  return { ...bucket, from };
}

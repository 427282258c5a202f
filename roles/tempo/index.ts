import { directory, type FileDesired, file, type HostVars, http, sha256, VarError, type VarsOf } from "hostwright";
import {
  type ComposePart,
  type DataPlan,
  defineContainer,
  escapeDollars,
  goMemoryLimit,
  type Stack,
} from "../container.ts";
import { imageVersion } from "../images.ts";
import { marked } from "../marker.ts";
import { root } from "../paths.ts";
import { LOOPBACK, publishedOn } from "../publish.ts";
import { shrinking } from "../retention.ts";
import { accessOf, bucketOf } from "../s3.ts";
import type { Listening } from "../service.ts";
import { template } from "../templates.ts";
import { checkedBy } from "../validate.ts";
import { traceAlerts } from "./alerts.ts";
import { tracesDashboard } from "./dashboard.ts";
import { traceProofs } from "./proof.ts";
import { upgradeGate } from "./upgrade.ts";
import { tempoVars } from "./vars.ts";

type Vars = VarsOf<typeof tempoVars>;

const tags = ["tempo"];
const folder = `${root}/tempo`;
const DISK_SHARE = 0.2;
const LONGEST_DAYS = 14;

const kept = { name: "tempo", what: "traces", before: " block_retention: ", unit: "h" } as const;

/** Stores traces, which applications send by OTLP, and draws the service graph of them. */
export const tempo = defineContainer({
  name: "tempo",
  vars: tempoVars,
  alerts: traceAlerts,
  dashboards: [tracesDashboard],
  image: ({ tempo_image }) => tempo_image,
  share: { least: 144, measured: 320, beyond: 0.15 },
  wishedMb: ({ tempo_memory_mb }) => tempo_memory_mb,
  data: { what: "traces", plan: dataPlan },
  // What blocks have; the index of a tenant's blocks, one folder above, is written again. Tempo 3 converts what 2 wrote.
  stored: { volume: "tempo-data", finished: ["./blocks/?*/?*/?*"], sameMajor: true },
  metrics: "tempo:3200",
  listens,
  proofs: traceProofs,
  plan(vars, stack) {
    const own = config(vars, stack);
    const url = `http://${LOOPBACK}:${vars.tempo_port}`;
    return {
      compose: composePart(vars, stack, own),
      before: [upgradeGate(vars, stack.image, majorOf(vars.tempo_image))],
      resources: [
        directory({ path: folder }, { tags }),
        shrinking({ ...kept, path: own.path, keeps: stack.keeps }, tags),
        file(own, { tags }),
      ],
      gates: [http({ url: `${url}/ready` }, { tags })],
      runsConfig: [
        http({ name: "Tempo runs its configuration", url: `${url}/status/config`, contains: own.mark }, { tags }),
      ],
    };
  },
});

function listens({ gateway, otlp_grpc_port, otlp_http_port, tempo_port }: Vars, host: HostVars): readonly Listening[] {
  const open = { tls: false, login: undefined, holders: [] };
  const push = { ...open, address: publishedOn(host) };
  const grpc = { ...push, what: "OTLP over gRPC: push of traces", port: otlp_grpc_port, setBy: "otlp_grpc_port" };
  const overHttp =
    otlp_http_port === undefined
      ? []
      : [{ ...push, what: "OTLP over HTTP: push of traces", port: otlp_http_port, setBy: "otlp_http_port" }];
  return [
    ...(gateway ? [] : [grpc, ...overHttp]),
    { ...open, what: "Tempo: query", address: LOOPBACK, port: tempo_port, setBy: "tempo_port" },
  ];
}

function dataPlan({ traces_mb_per_day: perDay, tempo_retention_hours }: Vars, dataMb: number): DataPlan {
  const days = Math.floor((dataMb * DISK_SHARE) / perDay);
  const keeps = tempo_retention_hours ?? Math.min(LONGEST_DAYS, Math.max(1, days)) * 24;
  return { keeps, needsMb: Math.ceil((perDay * Math.max(24, keeps)) / 24) };
}

function composePart(vars: Vars, { image, memoryMb, site }: Stack, { path, content }: FileDesired): ComposePart {
  const major = majorOf(vars.tempo_image);
  const address = publishedOn(site.host);
  const values = {
    image,
    memory: `${memoryMb}m`,
    // Tempo 2's image has no shell, and no flag for it.
    health: major === 3 ? ["CMD", "/tempo", "-health"] : [],
    config: sha256(content),
    // From 3 on it reads the container's limit itself.
    goMemoryLimit: major >= 3 ? "" : goMemoryLimit(memoryMb, 0.8),
    isPublished: !vars.gateway,
    port: `${LOOPBACK}:${vars.tempo_port}:3200`,
    grpcPort: `${address}:${vars.otlp_grpc_port}:4317`,
    httpPort: vars.otlp_http_port === undefined ? "" : `${address}:${vars.otlp_http_port}:4318`,
  };
  return { text: template("tempo/service.hbs", escapeDollars(values)), config: [path] };
}

/** Tempo's file, which majors 2 and 3 do not share, and what Tempo shows where it runs that file. */
function config(vars: Vars, { image, memoryMb, keeps }: Stack): FileDesired & { readonly mark: string } {
  const bucket = bucketOf(vars, "tempo_s3_bucket", vars.tempo_s3_bucket);
  const values = {
    s3: bucket ?? "",
    retention: `${keeps}h`,
    otlpHttp: vars.otlp_http_port !== undefined || vars.gateway,
    liveTracesBytes: memoryMb * 156_250,
    liveTraces: Math.floor(memoryMb * 15.625),
    rate: memoryMb * 15_625,
    burst: memoryMb * 15_625 * 2,
  };
  const name = majorOf(vars.tempo_image) === 3 ? "tempo.yaml.hbs" : "tempo-2.yaml.hbs";
  // A value is required: without "true" it prints its help and fails.
  const args = (path: string) => [`-config.file=${path}`, "-config.verify=true"];
  return {
    path: `${folder}/tempo.yaml`,
    ...accessOf(bucket),
    ...marked((mark) => template(`tempo/${name}`, { ...values, mark })),
    validate: checkedBy({ image, args, name: "tempo.yaml" }),
  };
}

/** Which of the two configurations Tempo reads. Throws on a major that there is none for. */
function majorOf(image: string): 2 | 3 {
  const [major] = imageVersion(image, "tempo_image");
  if (major === 2 || major === 3) return major;
  throw new VarError("tempo_image", {
    found: `major ${major}`,
    expected: "2 or 3: each has a configuration of its own",
  });
}

import {
  compose,
  directory,
  file,
  http,
  type Resource,
  sha256,
  type Text,
  template,
  type VarsOf,
} from "../../engine/index.ts";
import { mailSettings } from "./alerts.ts";
import { grafanaConfig, grafanaFiles } from "./grafana.ts";
import { grafanaHealth, lokiHealth, prometheusHealth, tempoHealth } from "./images.ts";
import { reachableAt, root } from "./paths.ts";
import type { monitoringVars } from "./vars.ts";

type Vars = VarsOf<typeof monitoringVars>;

/** Long enough for Loki's start on a busy small host; images are pulled before the clock starts. */
const WAIT_SECONDS = 240;

/** Loki's and Tempo's configuration. */
export function storeResources(vars: Vars): readonly Resource[] {
  return [
    directory({ path: `${root}/loki` }, { tags: ["loki"] }),
    ...Object.entries(lokiFiles(vars)).map(([path, content]) => file({ path, content }, { tags: ["loki"] })),
    directory({ path: `${root}/tempo` }, { tags: ["tempo"] }),
    ...Object.entries(tempoFiles(vars)).map(([path, content]) => file({ path, content }, { tags: ["tempo"] })),
  ];
}

/** The four services as one Compose project. */
export function stackResource(vars: Vars): Resource {
  const { grafana_image, loki_image, prometheus_image, tempo_image } = vars;
  return compose(
    {
      project: "monitoring",
      dir: root,
      content: composeFile(vars),
      services: {
        grafana: { image: grafana_image, config: grafanaConfig(vars) },
        loki: { image: loki_image, config: Object.keys(lokiFiles(vars)) },
        // Its configuration is reloaded instead: see the handler.
        prometheus: { image: prometheus_image },
        tempo: { image: tempo_image, config: Object.keys(tempoFiles(vars)) },
      },
      waitSeconds: WAIT_SECONDS,
    },
    { tags: ["compose"] },
  );
}

/** Each service answers through the port on which it is published. */
export function gates(vars: Vars): readonly Resource[] {
  const published = reachableAt(vars.publish_address);
  return [
    http({ url: `http://${published}:${vars.grafana_port}/api/health` }, { tags: ["grafana"] }),
    http({ url: `http://${published}:${vars.loki_port}/ready` }, { tags: ["loki"] }),
    http({ url: `http://127.0.0.1:${vars.prometheus_port}/-/ready` }, { tags: ["prometheus"] }),
    http({ url: `http://127.0.0.1:${vars.tempo_port}/ready` }, { tags: ["tempo"] }),
  ];
}

function lokiFiles({ loki_retention_hours }: Vars): Readonly<Record<string, Text>> {
  const content = template("monitoring/loki.yaml.hbs", { retention: `${loki_retention_hours}h` });
  return { [`${root}/loki/loki.yaml`]: content };
}

function tempoFiles({ tempo_retention_hours, otlp_http_port }: Vars): Readonly<Record<string, Text>> {
  const values = { retention: `${tempo_retention_hours}h`, otlpHttp: otlp_http_port !== undefined };
  return { [`${root}/tempo/tempo.yaml`]: template("monitoring/tempo.yaml.hbs", values) };
}

function composeFile(vars: Vars): Text {
  const { publish_address: address } = vars;
  const values = {
    logging: { maxSize: vars.docker_log_max_size, maxFiles: String(vars.docker_log_max_files) },
    grafana: {
      ...service(vars.grafana_image, vars.grafana_memory_mb, grafanaHealth(), grafanaFiles(vars)),
      goMemoryLimit: `${Math.floor(vars.grafana_memory_mb * 0.75)}MiB`,
      port: `${address}:${vars.grafana_port}:3000`,
      adminUser: vars.grafana_admin_user,
      url: vars.grafana_url ?? "",
      mail: mailSettings(vars),
    },
    loki: {
      ...service(vars.loki_image, vars.loki_memory_mb, lokiHealth(vars.loki_image), lokiFiles(vars)),
      goMemoryLimit: `${Math.floor(vars.loki_memory_mb * 0.8)}MiB`,
      port: `${address}:${vars.loki_port}:3100`,
    },
    prometheus: {
      ...service(vars.prometheus_image, vars.prometheus_memory_mb, prometheusHealth(), {}),
      port: `127.0.0.1:${vars.prometheus_port}:9090`,
      retentionTime: `--storage.tsdb.retention.time=${vars.prometheus_retention_days}d`,
      retentionSize: `--storage.tsdb.retention.size=${vars.prometheus_retention_size_mb}MB`,
    },
    tempo: {
      ...service(vars.tempo_image, vars.tempo_memory_mb, tempoHealth(vars.tempo_image), tempoFiles(vars)),
      port: `127.0.0.1:${vars.tempo_port}:3200`,
      grpcPort: `${address}:${vars.otlp_grpc_port}:4317`,
      httpPort: vars.otlp_http_port === undefined ? "" : `${address}:${vars.otlp_http_port}:4318`,
    },
  };
  return template("monitoring/compose.yaml.hbs", escapeDollars(values));
}

function service(image: string, memoryMb: number, health: readonly string[], files: Readonly<Record<string, Text>>) {
  return { image, memory: `${memoryMb}m`, health, config: sha256(JSON.stringify(files)) };
}

/** Compose would take `$name` in a value for a variable of its own. */
function escapeDollars<T>(values: T): T {
  return JSON.parse(JSON.stringify(values).replaceAll("$", "$$$$")) as T;
}

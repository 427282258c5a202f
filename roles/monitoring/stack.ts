import { compose, http, type Resource, sha256, type Text } from "hostwright";
import { template } from "../templates.ts";
import { mailSettings } from "./alerts.ts";
import type { GatewayService } from "./gateway.ts";
import { grafanaConfig, grafanaFiles } from "./grafana.ts";
import {
  gatewayHealth,
  grafanaHealth,
  imageVersion,
  lokiHealth,
  prometheusHealth,
  tempoHealth,
  tempoMajor,
} from "./images.ts";
import { reachableAt, root } from "./paths.ts";
import type { Settings } from "./settings.ts";

/** Long enough for Loki's start on a busy small host; images are pulled before the clock starts. */
const WAIT_SECONDS = 240;

/** The four services, and the gateway in front of them if there is one, as one Compose project. */
export function stackResource(vars: Settings, gateway?: GatewayService): Resource {
  const { grafana_image, loki_image, prometheus_image, tempo_image } = vars;
  return compose(
    {
      project: "monitoring",
      dir: root,
      content: composeFile(vars, gateway),
      services: {
        grafana: { image: grafana_image, config: grafanaConfig(vars) },
        loki: { image: loki_image, config: [vars.loki.path] },
        // Its configuration is reloaded instead: see `prometheusRuns`.
        prometheus: { image: prometheus_image },
        tempo: { image: tempo_image, config: [vars.tempo.path] },
        ...(gateway ? { gateway: { image: gateway.image, config: gateway.config } } : {}),
      },
      waitSeconds: WAIT_SECONDS,
    },
    { tags: ["compose"] },
  );
}

/** Each service answers through the port on which it is published. */
export function gates(vars: Settings): readonly Resource[] {
  const published = reachableAt(vars.publish_address);
  return [
    http({ url: `http://${published}:${vars.grafana_port}/api/health` }, { tags: ["grafana"] }),
    http({ url: `http://${published}:${vars.loki_port}/ready` }, { tags: ["loki"] }),
    http({ url: `http://127.0.0.1:${vars.prometheus_port}/-/ready` }, { tags: ["prometheus"] }),
    http({ url: `http://127.0.0.1:${vars.tempo_port}/ready` }, { tags: ["tempo"] }),
  ];
}

function composeFile(vars: Settings, gateway?: GatewayService): Text {
  const { publish_address: address, budget } = vars;
  const { memory } = budget;
  const [prometheusMajor] = imageVersion(vars.prometheus_image, "prometheus_image");
  const values = {
    logging: { maxSize: vars.docker_log_max_size, maxFiles: String(vars.docker_log_max_files) },
    grafana: {
      ...service(vars.grafana_image, memory.grafana, grafanaHealth(), sha256(JSON.stringify(grafanaFiles(vars)))),
      goMemoryLimit: part(memory.grafana, 0.75),
      port: `${address}:${vars.grafana_port}:3000`,
      adminUser: vars.grafana_admin_user,
      url: vars.grafana_url ?? "",
      mail: mailSettings(vars),
    },
    loki: {
      ...service(vars.loki_image, memory.loki, lokiHealth(vars.loki_image), sha256(vars.loki.content)),
      goMemoryLimit: part(memory.loki, 0.8),
      port: `${address}:${vars.loki_port}:3100`,
    },
    prometheus: {
      ...service(vars.prometheus_image, memory.prometheus, prometheusHealth(), ""),
      // From 3 on it reads the container's limit itself.
      goMemoryLimit: prometheusMajor >= 3 ? "" : part(memory.prometheus, 0.9),
      port: `127.0.0.1:${vars.prometheus_port}:9090`,
      retentionTime: `--storage.tsdb.retention.time=${vars.prometheus_retention_days}d`,
      retentionSize: `--storage.tsdb.retention.size=${budget.prometheus.retentionMb}MB`,
      querySamples: `--query.max-samples=${budget.prometheus.querySamples}`,
    },
    tempo: {
      ...service(vars.tempo_image, memory.tempo, tempoHealth(vars.tempo_image), sha256(vars.tempo.content)),
      // From 3 on it reads the container's limit itself.
      goMemoryLimit: tempoMajor(vars.tempo_image) >= 3 ? "" : part(memory.tempo, 0.8),
      port: `127.0.0.1:${vars.tempo_port}:3200`,
      grpcPort: `${address}:${vars.otlp_grpc_port}:4317`,
      httpPort: vars.otlp_http_port === undefined ? "" : `${address}:${vars.otlp_http_port}:4318`,
    },
    gateway: gateway ? { ...gateway, config: sha256(gateway.caddyfile), health: gatewayHealth() } : "",
  };
  return template("monitoring/compose.yaml.hbs", escapeDollars(values));
}

function service(image: string, memoryMb: number, health: readonly string[], config: string) {
  return { image, memory: `${memoryMb}m`, health, config };
}

/** Go's limit is soft: the rest of the container's is for what Go overshoots and does not count. */
function part(memoryMb: number, share: number): string {
  return `${Math.floor(memoryMb * share)}MiB`;
}

/** Compose would take `$name` in a value for a variable of its own. */
function escapeDollars<T>(values: T): T {
  return JSON.parse(JSON.stringify(values).replaceAll("$", "$$$$")) as T;
}

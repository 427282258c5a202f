import { directory, type FileDesired, file, http, type Resource } from "hostwright";
import { template } from "../templates.ts";
import { tempoMajor } from "./images.ts";
import { marked } from "./marker.ts";
import { reachableAt, root } from "./paths.ts";
import type { Settings, Sizes } from "./settings.ts";
import { accessOf, FIRST_DAY, lokiBucket, tempoBucket } from "./storage.ts";
import { checkedBy } from "./validate.ts";

/** A store's configuration: its file, and what the store shows where it runs that file. */
export type StoreConfig = FileDesired & { readonly mark: string };

/** Loki's and Tempo's configuration. */
export function storeResources(settings: Settings): readonly Resource[] {
  const loki = { tags: ["loki"] };
  const tempo = { tags: ["tempo"] };
  return [
    directory({ path: `${root}/loki` }, loki),
    file(settings.loki, loki),
    directory({ path: `${root}/tempo` }, tempo),
    file(settings.tempo, tempo),
  ];
}

/** Loki and Tempo themselves say which configuration they run. */
export function storeGates(settings: Settings): readonly Resource[] {
  const { publish_address, loki_port, tempo_port } = settings;
  const loki = `http://${reachableAt(publish_address)}:${loki_port}/config`;
  const tempo = `http://127.0.0.1:${tempo_port}/status/config`;
  return [
    http({ name: "Loki runs its configuration", url: loki, contains: settings.loki.mark }, { tags: ["loki"] }),
    http({ name: "Tempo runs its configuration", url: tempo, contains: settings.tempo.mark }, { tags: ["tempo"] }),
  ];
}

/** Loki's file. */
export function lokiConfig(sizes: Sizes): StoreConfig {
  const { budget, loki_image: image } = sizes;
  const { loki } = budget;
  const bucket = lokiBucket(sizes);
  const values = {
    s3: bucket ?? "",
    // What came before that day stays where it is, until it is old enough to be deleted.
    disk: bucket?.from !== FIRST_DAY,
    retention: `${loki.retentionHours}h`,
    replayCeiling: `${loki.replayCeiling}MB`,
    resultsCache: loki.resultsCache,
    chunkCache: loki.chunkCache,
    rate: loki.ingestionRate,
    burst: loki.ingestionRate * 2,
    streamRate: `${loki.ingestionRate * 768}KB`,
    streamBurst: `${loki.ingestionRate * 3840}KB`,
    concurrentQueries: loki.concurrentQueries,
  };
  const args = (path: string) => [`-config.file=${path}`, "-verify-config"];
  return {
    path: `${root}/loki/loki.yaml`,
    ...accessOf(bucket),
    ...marked((mark) => template("monitoring/loki.yaml.hbs", { ...values, mark })),
    validate: checkedBy({ image, args, name: "loki.yaml" }),
  };
}

/** Tempo's file, which majors 2 and 3 do not share. */
export function tempoConfig(sizes: Sizes): StoreConfig {
  const { budget, otlp_http_port, gateway, tempo_image: image } = sizes;
  const { tempo } = budget;
  const bucket = tempoBucket(sizes);
  const values = {
    s3: bucket ?? "",
    retention: `${tempo.retentionHours}h`,
    otlpHttp: otlp_http_port !== undefined || gateway,
    liveTracesBytes: tempo.liveTracesBytes,
    liveTraces: tempo.liveTraces,
    rate: tempo.ingestionBytes,
    burst: tempo.ingestionBytes * 2,
  };
  const name = tempoMajor(image) === 3 ? "tempo.yaml.hbs" : "tempo-2.yaml.hbs";
  // A value is required: without "true" it prints its help and fails.
  const args = (path: string) => [`-config.file=${path}`, "-config.verify=true"];
  return {
    path: `${root}/tempo/tempo.yaml`,
    ...accessOf(bucket),
    ...marked((mark) => template(`monitoring/${name}`, { ...values, mark })),
    validate: checkedBy({ image, args, name: "tempo.yaml" }),
  };
}

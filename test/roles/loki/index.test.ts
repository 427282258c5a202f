import t from "tap";
import { type HostVars, Secret, type Text } from "../../../engine/index.ts";
import { desiredOf, monitoringPlan, serviceOf } from "../plans.ts";
import { dataOf, textOf } from "../site.ts";

const path = "/opt/monitoring/loki/loki.yaml";
const resources = (vars: HostVars["vars"] = {}) => monitoringPlan(vars).resources;
const service = (vars: HostVars["vars"] = {}) => serviceOf(resources(vars), "loki");
const s3 = {
  s3_endpoint: "s3.example.com",
  s3_region: "eu-1",
  s3_access_key_id: new Secret("AKIA'1", "test"),
  s3_secret_access_key: new Secret('se"cret\\', "test"),
};

t.test("Loki's data is on the volume at the place where it writes", async (t) => {
  t.ok(service().volumes.includes("loki-data:/loki"));
  t.match(dataOf(resources(), path), { common: { path_prefix: "/loki" } });
});

t.test("Loki is asked for the mark that is in its file", async (t) => {
  const { server } = dataOf(resources(), path) as unknown as { server: { http_server_idle_timeout: string } };
  t.match(desiredOf(resources(), "Loki runs its configuration"), {
    url: "http://192.0.2.10:8080/config",
    contains: server.http_server_idle_timeout,
  });
});

t.test("what an agent sends late is taken for a week, and found while it is in memory alone", async (t) => {
  t.match(dataOf(resources(), path), {
    ingester: { max_chunk_age: "336h" },
    querier: { query_ingesters_within: "0s" },
  });
});

t.test("logs are deleted some day", async (t) => {
  const loki = dataOf(resources({ loki_retention_hours: 48 }), path);
  t.match(loki, { compactor: { retention_enabled: true, delete_request_store: "filesystem" } });
  t.match(loki, { limits_config: { retention_period: "48h", reject_old_samples_max_age: "168h" } });
  t.match(dataOf(resources({ loki_retention_hours: 240 }), path), {
    limits_config: { retention_period: "240h", reject_old_samples_max_age: "240h" },
  });
  t.match(loki, { server: { log_level: "warn" }, pattern_ingester: { enabled: false } });
});

t.test("its limits are those of the budget", async (t) => {
  t.match(textOf(resources(), path), /replay_memory_ceiling: "128MB"/);
});

t.test("health is asked with what the image has: busybox at first, its own flag later, nothing between", async (t) => {
  const health = (version: string) => service({ loki_image: `grafana/loki:${version}` }).healthcheck.test;
  for (const version of ["2.9.17", "3.4.1", "3.5.7"]) t.match(health(version), ["CMD", "/busybox/wget"], version);
  for (const version of ["3.6.5", "3.7.8", "4.0.0"])
    t.match(health(version), ["CMD", "/usr/bin/loki", "-health"], version);
  for (const version of ["3.5.8", "3.6.0", "3.6.4"])
    t.throws(() => health(version), /loki_image.*cannot be health-checked/, version);
  t.throws(() => health("main"), /found no version in the tag/);
});

t.test("logs go to a bucket from a day on; what came before stays readable on the disk", async (t) => {
  t.match(dataOf(resources({ ...s3, loki_s3_bucket: "logs", loki_s3_from: "2027-01-15" }), path), {
    common: { storage: { filesystem: {} } },
    schema_config: {
      configs: [
        { from: "2024-04-01", object_store: "filesystem" },
        { from: "2027-01-15", object_store: "s3", schema: "v13", index: { period: "24h" } },
      ],
    },
    storage_config: {
      aws: {
        bucketnames: "logs",
        endpoint: "s3.example.com",
        region: "eu-1",
        access_key_id: "AKIA'1",
        secret_access_key: 'se"cret\\',
        insecure: false,
        s3forcepathstyle: false,
      },
    },
    compactor: { delete_request_store: "s3" },
  });
});

t.test("a new host has its logs in the bucket only", async (t) => {
  const data = dataOf(resources({ ...s3, loki_s3_bucket: "logs", loki_s3_from: "2024-04-01" }), path);
  t.match(data.schema_config, { configs: [{ from: "2024-04-01", object_store: "s3" }] });
  t.equal((data.schema_config as unknown as { configs: unknown[] }).configs.length, 1);
});

t.test("without a bucket its file is everyone's to read, and the disk holds all", async (t) => {
  t.match(dataOf(resources(), path), {
    compactor: { delete_request_store: "filesystem" },
    storage_config: undefined,
  });
  t.equal(desiredOf<{ mode?: string }>(resources(), path).mode, undefined);
});

t.test("a configuration with a key is its service's own to read, and never shown", async (t) => {
  const vars = { ...s3, loki_s3_bucket: "logs", loki_s3_from: "2024-04-01" };
  const { content, ...others } = desiredOf<{ content: Text }>(resources(vars), path);
  t.match(others, { mode: "0640", group: "10001" });
  t.type(content, Secret);
  t.notMatch(JSON.stringify(content), /AKIA/);
});

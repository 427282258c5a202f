import t from "tap";
import { readVars } from "../../engine/index.ts";
import { images, imageVersion, lokiHealth, tempoHealth, tempoMajor } from "../../roles/images.ts";
import { monitoringVars } from "../../roles/monitoring/vars.ts";

const { loki_image } = monitoringVars;
const accepts = (image: string) => "value" in readVars({ loki_image }, { loki_image: image });

for (const image of [
  ...Object.values(images),
  "registry.internal:5000/grafana/loki:3.4.1",
  "grafana/loki:3.4.1@sha256:1d0c5ddc7644b88956aa0bd775ad796d9635180258a225d6ab3552751d5e2a66",
]) {
  t.test(`${image} is pinned`, async (t) => t.ok(accepts(image)));
}

for (const image of [
  "grafana/loki",
  "grafana/loki:latest",
  "grafana/loki:latest-arm64",
  "grafana/grafana-oss:12.3.0",
  "registry.internal:5000/grafana/loki",
  "",
  "grafana/loki:3.4.1 # pinned",
]) {
  t.test(`${JSON.stringify(image)} is refused`, async (t) => t.notOk(accepts(image)));
}

t.test("a version is read from any tag that names one", async (t) => {
  t.same(imageVersion("prom/prometheus:v3.13.4", "loki_image"), [3, 13, 4]);
  t.same(imageVersion("grafana/loki:3.4.1-amd64", "loki_image"), [3, 4, 1]);
  t.same(imageVersion("registry:5000/grafana/loki:3.4.1@sha256:0", "loki_image"), [3, 4, 1]);
  t.throws(() => imageVersion("grafana/loki:main", "loki_image"), /found no version in the tag/);
});

t.test(
  "Loki's health is asked with what its image has: busybox at first, its own flag later, nothing between",
  async (t) => {
    for (const version of ["2.9.17", "3.4.1", "3.5.7"]) {
      t.match(lokiHealth(`grafana/loki:${version}`), ["CMD", "/busybox/wget"], version);
    }
    for (const version of ["3.6.5", "3.7.8", "4.0.0"]) {
      t.match(lokiHealth(`grafana/loki:${version}`), ["CMD", "/usr/bin/loki", "-health"], version);
    }
    for (const version of ["3.5.8", "3.6.0", "3.6.4"]) {
      t.throws(() => lokiHealth(`grafana/loki:${version}`), /cannot be health-checked/, version);
    }
  },
);

t.test("Tempo 2's image has no way to say that it is healthy; other majors than 2 and 3 are refused", async (t) => {
  t.same(tempoHealth("grafana/tempo:3.1.0"), ["CMD", "/tempo", "-health"]);
  t.same(tempoHealth("grafana/tempo:2.10.8"), []);
  t.throws(() => tempoMajor("grafana/tempo:4.0.0"), /found major 4, expected 2 or 3/);
  t.throws(() => tempoMajor("grafana/tempo:main"), /found no version/);
});

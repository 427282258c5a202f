import t from "tap";
import { readVars } from "../../engine/index.ts";
import { imageAt, imageVersion, isBefore } from "../../roles/images.ts";
import { lokiVars } from "../../roles/loki/vars.ts";
import { imagePins, reference } from "../../roles/versions.ts";
import { monitoringHost, siteOf } from "./site.ts";

const { loki_image } = lokiVars;
const accepts = (image: string) => "value" in readVars({ loki_image }, { loki_image: image });

for (const image of [
  ...Object.values(imagePins).map(reference),
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

t.test("versions are compared number by number", async (t) => {
  t.ok(isBefore([3, 4, 9], [3, 5, 0]));
  t.ok(isBefore([3, 9, 0], [3, 10, 0]));
  t.notOk(isBefore([3, 5, 8], [3, 5, 8]));
  t.notOk(isBefore([4, 0, 0], [3, 9, 9]));
});

t.test("an image that a site serves itself is asked for without upstream's digest", async (t) => {
  const pinned = `grafana/loki:3.4.1@sha256:${"0".repeat(64)}`;
  const from = (source: string) =>
    imageAt(pinned, siteOf([monitoringHost()], { "grafana/loki:3.4.1": { sha256: "", source } }));
  t.equal(from("lab: stand-in"), "grafana/loki:3.4.1");
  t.equal(from("upstream"), pinned);
  t.equal(imageAt(pinned, siteOf([monitoringHost()])), pinned);
});

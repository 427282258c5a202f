import { readFileSync } from "node:fs";
import t from "tap";
import { IMAGE_PATTERN } from "../../roles/images.ts";
import {
  type ImagePin,
  imagePins,
  imageSupportNotes,
  otherMajors,
  programSupportNotes,
  provenance,
  reference,
  releasePins,
} from "../../roles/versions.ts";
import { monitoringHost, siteOf } from "./site.ts";

const all: readonly ImagePin[] = [...Object.values(imagePins), ...Object.values(otherMajors)];

for (const pin of all) {
  t.test(`${reference(pin)} is a pin, with its reason`, async (t) => {
    t.match(reference(pin), new RegExp(IMAGE_PATTERN));
    t.match(pin.tag, /^v?\d+\.\d+\.\d+$/);
    t.ok(pin.reason.length > 10);
    for (const [line, day] of Object.entries(pin.ends)) t.ok(Date.parse(day) > 0, line);
  });
}

for (const [name, pin] of Object.entries(releasePins)) {
  t.test(`${name} ${pin.version} is a pin; its hashes are whole`, async (t) => {
    const hashes = Object.values(pin.sha256).flatMap((byArchitecture) => Object.values<string>(byArchitecture));
    for (const hash of hashes) t.match(hash, /^[0-9a-f]{64}$/);
    t.equal(new Set(hashes).size, hashes.length);
  });
}

t.test("Renovate's expressions find every pin of the file, and nothing else", async (t) => {
  const { customManagers } = JSON.parse(readFileSync("renovate.json", "utf8")) as {
    customManagers: readonly { managerFilePatterns: readonly string[]; matchStrings: readonly [string] }[];
  };
  const text = readFileSync("roles/versions.ts", "utf8");
  const found = customManagers.flatMap(({ managerFilePatterns, matchStrings: [expression] }) => {
    t.match("roles/versions.ts", new RegExp((managerFilePatterns[0] ?? "").slice(1, -1)));
    return [...text.matchAll(new RegExp(expression, "g"))].map(({ groups }) => ({ ...groups }));
  });
  t.same(found, [
    ...all.map(({ image, tag, digest }) => ({ depName: image, currentValue: tag, currentDigest: digest })),
    ...Object.values(releasePins).map(({ repository, version }) => ({ depName: repository, currentValue: version })),
  ]);
});

const on = (day: string) => new Date(`${day}T12:00:00Z`);

for (const { name, images, day, notes } of [
  { name: "long before", images: ["grafana/grafana:12.4.11"], day: "2027-03-20", notes: [] },
  {
    name: "from 60 days before",
    images: ["grafana/grafana:12.4.11"],
    day: "2027-03-26",
    notes: [/ends on 2027-05-24/],
  },
  {
    name: "after",
    images: ["grafana/grafana:12.4.11"],
    day: "2027-05-24",
    notes: [/^grafana\/grafana:12\.4\.11: its support ended on 2027-05-24/],
  },
  {
    name: "of a line that is not the default",
    images: ["grafana/loki:3.5.2"],
    day: "2026-11-22",
    notes: [/3\.5\.2: .*ended on 2026-03-26/],
  },
  {
    name: "by digest, from a mirror",
    images: [`registry:5000/prom/prometheus:v3.5.1@sha256:${"0".repeat(64)}`],
    day: "2026-11-22",
    notes: [/^registry:5000\/prom\/prometheus:v3\.5\.1: /],
  },
  {
    name: "of a line that nobody dated",
    images: ["grafana/tempo:3.0.3", "grafana/loki:3.7.8"],
    day: "2040-01-01",
    notes: [],
  },
  { name: "of an image that is not ours", images: ["example/loki:3.4.1"], day: "2040-01-01", notes: [] },
]) {
  t.test(`end of support: ${name}`, async (t) => {
    const said = imageSupportNotes(images, on(day));
    t.equal(said.length, notes.length);
    t.match(said, notes);
  });
}

const program = (name: keyof typeof releasePins, version: string) => ({ name, pin: releasePins[name], version });

t.test("end of support of programs: Promtail's ended for all versions, node_exporter's is not dated", async (t) => {
  t.match(programSupportNotes(program("promtail", "3.6.11"), on("2026-11-22")), [
    /^promtail 3\.6\.11: its support ended on 2026-03-02/,
  ]);
  t.same(programSupportNotes(program("promtail", "3.4.1"), on("2025-12-01")), []);
  t.same(programSupportNotes(program("node_exporter", "1.9.1"), on("2026-11-22")), []);
});

t.test("what is not upstream's own is said, what is is not", async (t) => {
  const releases = {
    "grafana/loki:3.4.1": { sha256: "", source: "lab: stand-in" },
    "promtail-linux-arm64.zip": { sha256: "", source: "upstream" },
    "x.zip": { sha256: "", source: "https://example.com/SHA256SUMS" },
  };
  const names = [...Object.keys(releases), "never-heard-of"];
  t.same(provenance(names, siteOf([monitoringHost()], releases)), ["grafana/loki:3.4.1 is lab: stand-in"]);
});

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Test } from "tap";
import { LAB } from "./lab.ts";

/** Puts an archive with this program where the lab's hosts get node_exporter of a version, and its hash into the lab's lock file until the test is over. */
export function publish(t: Test, version: string, program: string | Buffer): void {
  const stem = `node_exporter-${version}.linux-amd64`;
  const folder = mkdtempSync(join(tmpdir(), "release-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  mkdirSync(`${folder}/${stem}`);
  writeFileSync(`${folder}/${stem}/node_exporter`, program, { mode: 0o755 });
  const archive = `.lab/${LAB}/releases/${stem}.tar.gz`;
  execFileSync("tar", ["-czf", archive, "-C", folder, stem]);
  const lockFile = `.lab/${LAB}/releases.lock.json`;
  const lock = readFileSync(lockFile, "utf8");
  const sha256 = createHash("sha256").update(readFileSync(archive)).digest("hex");
  writeFileSync(lockFile, JSON.stringify({ ...JSON.parse(lock), [`${stem}.tar.gz`]: { sha256, source: "a test" } }));
  t.teardown(() => writeFileSync(lockFile, lock));
}

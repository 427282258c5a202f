import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import t, { type Test } from "tap";
import { launcher, runFile } from "../support/program.ts";

const CACHE = "node_modules/.cache/hostwright";

const PLAYBOOK = `import { defineRole, file, optional, runPlaybook, secret, Secret } from "hostwright";
import { content } from "./content.ts";
const vars = { token: optional(secret("t")) };
const role = defineRole({
  name: "one",
  vars,
  resources: () => [file({ path: new URL("made", import.meta.url).pathname, content, mode: "0600", owner: String(process.getuid!()) })],
  notes: ({ token }) => [\`a secret of the inventory's is one of the engine's: \${token instanceof Secret}\`],
});
await runPlaybook([{ hosts: "all", become: false, roles: [role] }], import.meta.url);
`;

const INVENTORY = `import { Secret } from "hostwright";
import { name } from "./name.ts";
export default { all: { hosts: { [name]: { ansible_connection: "local", token: new Secret("hush, hush", "test") } } } };
`;

function project(t: Test): string {
  return t.testdir({
    "play.mts": PLAYBOOK,
    "content.ts": 'export const content: string = "first\\n";\n',
    "hosts.ts": INVENTORY,
    "name.ts": 'export const name: string = "here";\n',
  });
}

/** Runs a program by the launcher, in check mode unless told otherwise: nothing of this machine is to be changed. */
function run(dir: string, ...more: readonly string[]) {
  return runFile(`${dir}/play.mts`, ["-i", `${dir}/hosts.ts`, "--check", ...more], { launch: true });
}

t.test("a playbook and a TypeScript inventory run as bundles, with one engine between them", async (t) => {
  const { code, stdout, stderr } = await run(project(t));
  t.equal(code, 0, stderr);
  t.match(stdout, /would change +file .*made/);
  t.match(stdout, /a secret of the inventory's is one of the engine's: true/);
});

t.test("a change in any file of it is there at the next start", async (t) => {
  const dir = project(t);
  t.match((await run(dir, "--diff")).stdout, /^ *\+first$/m);
  writeFileSync(`${dir}/content.ts`, 'export const content: string = "second\\n";\n');
  t.match((await run(dir, "--diff")).stdout, /^ *\+second$/m);
  writeFileSync(`${dir}/name.ts`, 'export const name: string = "there";\n');
  t.match((await run(dir)).stdout, /^there .*ok=0/m);
});

t.test("the line of a resource and of an error is the source's", async (t) => {
  const dir = project(t);
  const events = (await run(dir, "--json")).stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  const [step] = events.find(({ kind }) => kind === "planned").steps;
  t.match(step.place, { file: /play\.mts$/, line: 7 });
  writeFileSync(`${dir}/content.ts`, 'throw new Error("no content");\n');
  t.match((await run(dir)).stderr, /Error: no content\n +at .*content\.ts:1:7/);
});

t.test("a program that cannot be compiled is told with its place, and starts nothing", async (t) => {
  const dir = project(t);
  writeFileSync(`${dir}/content.ts`, "export const content: = 3;\n");
  const { code, stdout, stderr } = await run(dir);
  t.equal(code, 1);
  t.equal(stdout, "");
  t.match(stderr, /Unexpected "="\n\n.*content\.ts:1:22:/);
});

t.test("what another start was making may be gone at any time", async (t) => {
  // Listed, and not there when it is looked at.
  const gone = join(CACHE, "0.new");
  symlinkSync("nowhere", gone);
  t.teardown(() => rmSync(gone));
  t.match(await run(project(t)), { code: 0, stderr: "" });
});

t.test("what not everybody may read is not to be read as a bundle either", async (t) => {
  const dir = project(t);
  chmodSync(`${dir}/name.ts`, 0o600);
  t.equal((await run(dir)).code, 0);
  const found = readdirSync(CACHE).filter((name) => existsSync(join(CACHE, name, "hosts.mjs")));
  const [newest] = found.map((name) => statSync(join(CACHE, name))).sort((a, b) => b.mtimeMs - a.mtimeMs);
  t.equal((newest?.mode ?? 0) & 0o777, 0o700);
  const compiled = join(CACHE, "compiled");
  if (existsSync(compiled)) t.equal(statSync(compiled).mode & 0o077, 0);
});

t.test("--help loads few files, none of which talks to a host", async (t) => {
  const loaded = await loadedBy(t, "playbooks/site.mts", ["--help"]);
  t.comment(sizes(loaded));
  t.ok(loaded.length <= 12, `${loaded.length} modules`);
  t.ok(bytes(loaded) < 1_300_000, `${bytes(loaded)} bytes`);
  t.same(ofPackages(loaded), [], "every package that it needs is in a bundle");
  t.notMatch(loaded.map((file) => basename(file)).join(" "), /\b(ssh|live|load)-/);
});

t.test("a run in sync loads what it needs, once", async (t) => {
  const dir = project(t);
  writeFileSync(`${dir}/hosts.yml`, "all: { hosts: { here: { ansible_connection: local } } }\n");
  const loaded = await loadedBy(t, `${dir}/play.mts`, ["-i", `${dir}/hosts.yml`, "--check"]);
  t.comment(sizes(loaded));
  t.ok(loaded.length <= 20, `${loaded.length} modules`);
  t.same(ofPackages(loaded), []);
  t.notMatch(loaded.map((file) => basename(file)).join(" "), /\b(ssh|live)-/, "a local host needs no SSH");
});

/** The files that a program's threads loaded, as V8 tells for coverage. */
async function loadedBy(t: Test, file: string, args: readonly string[]): Promise<readonly string[]> {
  const dir = mkdtempSync(join(tmpdir(), "hostwright-loaded-"));
  t.teardown(() => rmSync(dir, { recursive: true }));
  // Once before: that it is compiled is another matter.
  await runFile(file, args, { launch: true });
  // Without what tap has every process below it load.
  const words = ["-u", "NODE_OPTIONS", `NODE_V8_COVERAGE=${dir}/loaded`, process.execPath, launcher, file, ...args];
  const { status, stderr } = spawnSync("env", words, { encoding: "utf8" });
  t.equal(status, 0, stderr);
  const all = readdirSync(`${dir}/loaded`).flatMap((name) => {
    const { result } = JSON.parse(readFileSync(join(dir, "loaded", name), "utf8"));
    return result.map(({ url }: { url: string }) => url).filter((url: string) => url.startsWith("file:"));
  });
  return [...new Set(all)].map((url) => fileURLToPath(url));
}

function ofPackages(loaded: readonly string[]): readonly string[] {
  return loaded.filter((file) => file.includes("/node_modules/") && !file.includes("/.cache/"));
}

function bytes(loaded: readonly string[]): number {
  return loaded.reduce((sum, file) => sum + statSync(file).size, 0);
}

function sizes(loaded: readonly string[]): string {
  return loaded.map((file) => `${basename(file)} ${statSync(file).size}`).join(", ");
}

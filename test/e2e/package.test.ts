import { execFileSync } from "node:child_process";
import { cpSync, lstatSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import t, { type Test } from "tap";
import { pinned } from "../support/bench.ts";
import { machineImage, startContainer } from "../support/container.ts";
import { loginKey } from "../support/spoiled.ts";
import { noLab } from "../support/stand.ts";

t.setTimeout(15 * 60_000);

/** Packs a copy: npm changes package.json meanwhile, and other tests import the package. */
function pack(t: Test): string {
  const dir = t.testdir({ engine: {} });
  cpSync("tsconfig.json", `${dir}/tsconfig.json`);
  cpSync("engine", `${dir}/engine`, { recursive: true });
  // Without what tap has every process below it load: it cannot have `tsc`.
  const words = ["-u", "NODE_OPTIONS", "npm", "pack", "--json", "--pack-destination", dir];
  const said = execFileSync("env", words, {
    cwd: `${dir}/engine`,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [{ filename, files }] = JSON.parse(said.slice(said.indexOf("[\n")));
  t.ok(files.every(({ path }: { path: string }) => /^(dist\/.*\.(js|d\.ts)|package\.json|README\.md)$/.test(path)));
  t.equal(readFileSync(`${dir}/engine/package.json`, "utf8"), readFileSync("engine/package.json", "utf8"));
  return `${dir}/${filename}`;
}

/** The code blocks of the page, by the name of the file before each. */
function filesOfPage(): ReadonlyMap<string, string> {
  const blocks = readFileSync("docs/package.md", "utf8").matchAll(/`([\w.]+)`:\n\n```\w+\n([\s\S]*?)```/g);
  return new Map([...blocks].map(([, path = "", text = ""]) => [path, text]));
}

t.test("the packed runner, in an empty folder, converges a host as its page says", { skip: noLab }, async (t) => {
  const archive = pack(t);
  // Not below the repository: npm would install into that, and Node find its own there.
  const folder = mkdtempSync(join(tmpdir(), "packed-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const key = loginKey(t);
  // Nor with the launcher, which npm has all below this repository load, by both.
  const words = ["-u", "NODE_OPTIONS", "-u", "npm_config_node_options", "npm", "install", "--prefer-offline"];
  execFileSync("env", [...words, "--no-audit", "--no-fund", "--no-package-lock", archive], {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"],
  });
  t.notOk(lstatSync(`${folder}/node_modules/hostwright`).isSymbolicLink(), "what was packed is what runs");
  const host = await startContainer(t, await machineImage(), { publicKey: `${key}.pub` });
  const files = filesOfPage();
  writeFileSync(`${folder}/site.mts`, files.get("site.mts") ?? "");
  const inventory = (files.get("hosts.yml") ?? "").replace(
    "host: 192.0.2.10",
    `host: 127.0.0.1, port: ${host.port}, key: ${key}, known_hosts: pins`,
  );
  writeFileSync(`${folder}/hosts.yml`, inventory);
  writeFileSync(`${folder}/pins`, pinned(`[127.0.0.1]:${host.port}`, host.keys));
  // Node that strips no types takes tsx, as the page says.
  const types =
    "typescript" in process.features && process.features.typescript
      ? []
      : [`--import=${createRequire(import.meta.url).resolve("tsx")}`];
  // By env, since tap gives each process that is started from here what this one loads.
  const program = [
    "-i",
    `PATH=${process.env.PATH}`,
    `HOME=${folder}`,
    process.execPath,
    ...types,
    "site.mts",
    "-i",
    "hosts.yml",
  ];
  const run = (...args: readonly string[]) =>
    execFileSync("env", [...program, ...args], { cwd: folder, encoding: "utf8" });
  t.match(run("--check", "--diff"), "+This host is made by Hostwright.");
  t.match(run(), /web-1 .*changed=1/);
  t.equal(await host.run("cat /etc/motd"), "This host is made by Hostwright.\n");
  t.match(run(), /web-1 .*changed=0/);
  t.equal(basename(archive), "hostwright-0.1.0.tgz");
});

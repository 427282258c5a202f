import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";

t.setTimeout(5 * 60_000);

const INVENTORY = `all: { hosts: { here: { ansible_connection: local } } }
`;

t.test("a clone whose packages ran no script of theirs runs all the same", async (t) => {
  // Not below the repository: Node would find its packages.
  const clone = mkdtempSync(join(tmpdir(), "clone-"));
  t.teardown(() => rmSync(clone, { recursive: true }));
  for (const path of execFileSync("git", ["ls-files", "-co", "--exclude-standard"], { encoding: "utf8" })
    .trim()
    .split("\n"))
    if (existsSync(path)) cpSync(path, join(clone, path));
  // By env: tap has every process below it load what this clone has not got. What was downloaded before is not asked for again.
  const own = [`PATH=${process.env.PATH}`, `HOME=${process.env.HOME}`, "HOSTWRIGHT_INVENTORY=", "NO_COLOR=1"];
  // A test file alone has half a minute, which a busy machine may need for more.
  own.push("TAP_TIMEOUT=240");
  const run = (...words: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync("env", ["-i", ...own, ...words], { cwd: clone, encoding: "utf8" });
    // Of a test that failed, what it says of that.
    const why = status === 0 ? "" : stdout.slice(-3000);
    return t.equal(status, 0, `${words.join(" ")}\n${stderr}${why}`) ? stdout : "";
  };

  run("npm", "ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund");
  t.notOk(existsSync(`${clone}/node_modules/ssh2/lib/protocol/crypto/build`), "nothing was compiled");
  writeFileSync(`${clone}/hosts.yml`, INVENTORY);

  t.match(run("npx", "zx", "playbooks/site.mts", "--help"), "--accept-new");
  t.match(run("npx", "zx", "playbooks/inventory.mts", "-i", "hosts.yml", "--list"), '"here"');
  t.match(
    run("npx", "zx", "playbooks/exec.mts", "-i", "hosts.yml", "here", "--", "echo works"),
    /here \| exit 0\s+works/,
  );
  t.ok(readdirSync(`${clone}/node_modules/.cache/hostwright`).length > 0, "bundles are made at first use");
  t.match(
    run("node", "--import=./test/support/typescript.mjs", "test/connection/ssh.test.ts"),
    /^# \{ total: \d+, pass: \d+(, skip: \d+)? \}$/m,
  );
  run("npx", "tsc");
  run("npx", "biome", "--version");
  t.equal(readFileSync(`${clone}/package-lock.json`, "utf8"), readFileSync("package-lock.json", "utf8"));
});

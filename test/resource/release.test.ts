import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { architecture, type ReleaseDesired, release } from "../../engine/resource/release.ts";
import { apply, converges, plan } from "../support/converges.ts";
import { shells } from "../support/shells.ts";

const asRoot = process.getuid?.() === 0 ? false : "only root may give files to root";
const withZip = spawnSync("zip", ["-v"]).error ? "no zip on this machine to make an archive with" : asRoot;

const archives = join(t.testdir(), "archives");
mkdirSync(archives);
for (const version of ["1.0.0", "1.1.0"]) makeArchives(version);
const { url, server } = await serve(archives);
t.teardown(() => server.kill());

function makeArchives(version: string): void {
  const tree = join(archives, `tool-${version}.linux-amd64`);
  mkdirSync(tree);
  writeFileSync(join(tree, "tool"), `#!/bin/sh\necho ${version}\n`, { mode: 0o600 });
  writeFileSync(join(tree, "LICENSE"), "free\n");
  const tar = join(archives, `tool-${version}.tar.gz`);
  // As some do: every name begins with "./".
  execFileSync("tar", ["-czf", tar, "--owner=1000", "-C", archives, `./tool-${version}.linux-amd64`]);
  if (!withZip) execFileSync("zip", ["-q", `../tool-${version}.zip`, "tool"], { cwd: tree });
}

/** An HTTP server of its own process: the shells are waited for synchronously. */
async function serve(dir: string): Promise<{ url: string; server: ChildProcess }> {
  const code = `
    const server = require("http").createServer((request, response) =>
      require("fs").createReadStream(process.argv[1] + request.url)
        .on("error", () => { response.statusCode = 404; response.end("<html>not found</html>"); }).pipe(response));
    server.listen(0, "127.0.0.1", () => console.log(server.address().port));`;
  const server = spawn(process.execPath, ["-e", code, dir], { stdio: ["ignore", "pipe", "inherit"] });
  const [port] = await once(server.stdout, "data");
  return { url: `http://127.0.0.1:${String(port).trim()}`, server };
}

function tool(dir: string, version: string, more: Partial<ReleaseDesired> = {}) {
  const archive = readFileSync(join(archives, `tool-${version}.tar.gz`));
  return release({
    name: "tool",
    version,
    url: `${url}/tool-${version}.tar.gz`,
    sha256: createHash("sha256").update(archive).digest("hex"),
    files: { [`tool-${version}.linux-amd64/tool`]: "tool" },
    links: { [`${dir}/bin/tool`]: "tool" },
    dir: `${dir}/opt`,
    ...more,
  });
}

const nowhere = { url: "http://127.0.0.1:1/tool.tar.gz" };

function inEachShell(
  title: string,
  run: (t: Test, shell: readonly string[], dir: string) => void | Promise<void>,
): void {
  for (const shell of shells) {
    t.test(`release: ${title} (${shell[0]})`, { skip: asRoot }, async (t) => run(t, shell, `${t.testdir()}/it's %h`));
  }
}

if (!asRoot) {
  converges(t, "release converges", (dir) => tool(dir, "1.0.0"));
  converges(t, "release converges for two, one without links", (dir) => [
    tool(`${dir}/a`, "1.0.0", { links: {} }),
    tool(`${dir}/b`, "1.1.0"),
  ]);
}

inEachShell("a first install has its owner, its mode, its manifest, and nothing else", (t, shell, dir) => {
  const steps = plan(shell, [tool(dir, "1.0.0")]);
  t.same(
    steps[0]?.changes.map(({ field, before, after }) => [field, before, after]),
    [
      ["version", undefined, "1.0.0"],
      ["files", "absent", "installed"],
      [`link ${dir}/bin/tool`, undefined, `${dir}/opt/tool/1.0.0/tool`],
    ],
  );
  apply(shell, steps);
  t.equal(execFileSync(`${dir}/bin/tool`, { encoding: "utf8" }), "1.0.0\n");
  t.same(readdirSync(`${dir}/opt/tool`), ["1.0.0"]);
  t.same(readdirSync(`${dir}/opt/tool/1.0.0`), [".sha256", "tool"]);
  t.same(readdirSync(`${dir}/bin`), ["tool"]);
  const { mode, uid, gid } = statSync(`${dir}/opt/tool/1.0.0/tool`);
  t.same([mode & 0o7777, uid, gid], [0o755, 0, 0]);
  for (const path of ["opt", "opt/tool", "opt/tool/1.0.0", "bin"])
    t.equal(statSync(`${dir}/${path}`).mode & 0o7777, 0o755, path);
  execFileSync("sha256sum", ["-c", "--strict", "--quiet", ".sha256"], { cwd: `${dir}/opt/tool/1.0.0` });
});

inEachShell("an upgrade keeps the old version, and the way back needs no network", (t, shell, dir) => {
  apply(shell, plan(shell, [tool(dir, "1.0.0")]));
  const up = plan(shell, [tool(dir, "1.1.0")]);
  t.match(up[0]?.changes, [{ field: "version", before: "1.0.0", after: "1.1.0" }, { field: "files" }, {}]);
  apply(shell, up);
  t.equal(execFileSync(`${dir}/bin/tool`, { encoding: "utf8" }), "1.1.0\n");
  const back = plan(shell, [tool(dir, "1.0.0", nowhere)]);
  t.match(back[0]?.changes, [
    { field: "version", before: "1.1.0", after: "1.0.0" },
    { field: `link ${dir}/bin/tool`, before: `${dir}/opt/tool/1.1.0/tool` },
  ]);
  t.equal(back[0]?.changes.length, 2);
  apply(shell, back);
  t.equal(execFileSync(`${dir}/bin/tool`, { encoding: "utf8" }), "1.0.0\n");
  t.same(plan(shell, [tool(dir, "1.0.0", nowhere)]), []);
});

inEachShell("a wrong hash is said in full and leaves the running version alone", (t, shell, dir) => {
  apply(shell, plan(shell, [tool(dir, "1.0.0")]));
  const wanted = "0".repeat(64);
  const steps = plan(shell, [tool(dir, "1.1.0", { sha256: wanted })]);
  const text = message(() => apply(shell, steps));
  const archive = readFileSync(join(archives, "tool-1.1.0.tar.gz"));
  for (const part of [
    wanted,
    createHash("sha256").update(archive).digest("hex"),
    `(${archive.length} bytes)`,
    `${url}/tool-1.1.0.tar.gz`,
    "nothing was changed",
  ])
    t.match(text, part);
  t.equal(execFileSync(`${dir}/bin/tool`, { encoding: "utf8" }), "1.0.0\n");
  t.same(readdirSync(`${dir}/opt/tool`), ["1.0.0"]);
});

inEachShell("a missing archive, a dead server and a file that is not in the archive are said", (t, shell, dir) => {
  const say = (more: Partial<ReleaseDesired>) => message(() => apply(shell, plan(shell, [tool(dir, "1.0.0", more)])));
  t.match(say({ url: `${url}/none.tar.gz` }), /404[\s\S]*cannot download .*none.tar.gz[\s\S]*nothing was changed/);
  t.match(say(nowhere), /cannot download .*127.0.0.1:1/);
  t.match(
    say({ files: { "bin/tool": "tool" } }),
    /holds:\n {2}tool-1.0.0[\s\S]*no file bin\/tool .nothing was changed/,
  );
  t.same(readdirSync(`${dir}/opt/tool`), []);
});

inEachShell("a damaged program is repaired, whatever its times say", (t, shell, dir) => {
  const resource = tool(dir, "1.0.0");
  const path = `${dir}/opt/tool/1.0.0/tool`;
  apply(shell, plan(shell, [resource]));
  writeFileSync(path, "#!/bin/sh\necho 6.6.6\n");
  t.match(plan(shell, [resource])[0]?.changes, [{ field: "files", before: "tool damaged" }]);
  apply(shell, plan(shell, [resource]));
  t.equal(execFileSync(`${dir}/bin/tool`, { encoding: "utf8" }), "1.0.0\n");
  rmSync(path);
  t.match(plan(shell, [resource])[0]?.changes, [{ field: "files", before: "absent" }]);
  apply(shell, plan(shell, [resource]));
  rmSync(`${dir}/opt/tool/1.0.0/.sha256`);
  t.match(plan(shell, [resource])[0]?.changes, [{ field: "files", before: "of unknown origin" }]);
  apply(shell, plan(shell, [resource]));
  t.same(plan(shell, [resource]), []);
  t.same(readdirSync(`${dir}/opt/tool`), ["1.0.0"]);
});

inEachShell("a version is repaired in the folder that is there, program by program", (t, shell, dir) => {
  const resource = tool(dir, "1.0.0");
  const folder = `${dir}/opt/tool/1.0.0`;
  apply(shell, plan(shell, [resource]));
  const { ino } = statSync(folder);
  writeFileSync(`${folder}/tool`, "damaged");
  writeFileSync(`${folder}/mine`, "kept");
  apply(shell, plan(shell, [resource]));
  t.equal(statSync(folder).ino, ino, "at no moment was it gone");
  t.same(readdirSync(folder), [".sha256", "mine", "tool"]);
  t.same(plan(shell, [resource]), []);
  rmSync(`${folder}/tool`);
  mkdirSync(`${folder}/tool`);
  t.match(
    message(() => apply(shell, plan(shell, [resource]))),
    /tool is a directory in .*: remove it, then run again/,
  );
  rmSync(folder, { recursive: true });
  symlinkSync(dir, folder);
  apply(shell, plan(shell, [resource]));
  t.notOk(lstatSync(folder).isSymbolicLink(), "a link in its place is none");
  t.equal(execFileSync(`${dir}/bin/tool`, { encoding: "utf8" }), "1.0.0\n");
});

inEachShell("another archive of the same version is installed", (t, shell, dir) => {
  apply(shell, plan(shell, [tool(dir, "1.1.0")]));
  const other = tool(dir, "1.0.0");
  const desired = { ...(other.desired as ReleaseDesired), version: "1.1.0" };
  const steps = plan(shell, [release(desired)]);
  t.match(steps[0]?.changes, [{ field: "files", before: /^from the archive [0-9a-f]{12}$/ }]);
  apply(shell, steps);
  t.equal(execFileSync(`${dir}/bin/tool`, { encoding: "utf8" }), "1.0.0\n");
});

inEachShell("a touched program is forgiven, and rights are given back without a download", (t, shell, dir) => {
  apply(shell, plan(shell, [tool(dir, "1.0.0")]));
  const path = `${dir}/opt/tool/1.0.0/tool`;
  execFileSync("touch", ["-d", "2001-01-01", path]);
  t.same(plan(shell, [tool(dir, "1.0.0", nowhere)]), []);
  chmodSync(path, 0o4777);
  chownSync(path, 1, 1);
  const steps = plan(shell, [tool(dir, "1.0.0", nowhere)]);
  t.match(steps[0]?.changes, [
    { field: "mode", after: "0755" },
    { field: "owner", before: "daemon:daemon", after: "root:root" },
  ]);
  apply(shell, steps);
  t.same(plan(shell, [tool(dir, "1.0.0", nowhere)]), []);
});

inEachShell("a link that is gone or leads elsewhere is turned, without a download", (t, shell, dir) => {
  const link = `${dir}/bin/tool`;
  apply(shell, plan(shell, [tool(dir, "1.0.0")]));
  for (const spoil of [() => {}, () => symlinkSync("/bin/true", link), () => symlinkSync(dir, link)]) {
    rmSync(link);
    spoil();
    const steps = plan(shell, [tool(dir, "1.0.0", nowhere)]);
    t.same(
      steps[0]?.changes.map(({ field }) => field),
      [`link ${link}`],
    );
    apply(shell, steps);
    t.equal(readlinkSync(link), `${dir}/opt/tool/1.0.0/tool`);
  }
  rmSync(link);
  writeFileSync(link, "mine");
  t.match(plan(shell, [tool(dir, "1.0.0", nowhere)])[0]?.changes, [{ before: "(a file)" }]);
  t.throws(() => apply(shell, plan(shell, [tool(dir, "1.0.0", nowhere)])), /in the way.*move it away/);
  t.equal(readFileSync(link, "utf8"), "mine");
});

for (const shell of shells) {
  t.test(`release: a .zip is unpacked (${shell[0]})`, { skip: withZip }, async (t) => {
    const dir = t.testdir();
    const sha256 = createHash("sha256")
      .update(readFileSync(join(archives, "tool-1.0.0.zip")))
      .digest("hex");
    const zip = { url: `${url}/tool-1.0.0.zip`, sha256, files: { tool: "tool" } };
    apply(shell, plan(shell, [tool(dir, "1.0.0", zip)]));
    t.equal(execFileSync(`${dir}/bin/tool`, { encoding: "utf8" }), "1.0.0\n");
    t.same(plan(shell, [tool(dir, "1.0.0", zip)]), []);
  });
}

t.test("release refuses what could not be meant", async (t) => {
  const refused: [Partial<ReleaseDesired>, RegExp][] = [
    [{ version: "../1" }, /plain file name/],
    [{ version: "" }, /plain file name/],
    [{ sha256: "abc" }, /64 hexadecimal digits/],
    [{ url: "https://x/y.deb" }, /\.zip, \.tar\.gz or \.tgz/],
    [{ files: {} }, /no file from the archive/],
    [{ links: { "/bin/x": "other" } }, /none of its files/],
    [{ links: { "bin/x": "tool" } }, /absolute/],
  ];
  for (const [more, error] of refused) t.throws(() => tool("/tmp", "1.0.0", more), error);
  t.equal(tool("/tmp", "1.0.0").id, "/tmp/bin/tool");
});

t.test("release reads other text as a failed probe, never as absent", async (t) => {
  const resource = tool("/tmp", "1.0.0");
  for (const text of [
    "",
    "present\n",
    "absent\n",
    "absent\nlink sideways\n",
    "present\n81ed 755 root root 0 0\nlink right\n",
  ])
    t.throws(() => resource.kind.diff(text, [resource]), /unexpected/);
});

t.test("architecture knows two machines by both of their names", async (t) => {
  t.same(["aarch64", "arm64", "x86_64", "amd64"].map(architecture), ["arm64", "arm64", "amd64", "amd64"]);
  t.throws(() => architecture("riscv64"), /riscv64.*aarch64 and x86_64/);
});

function message(run: () => void): string {
  try {
    run();
  } catch (error) {
    return String(error);
  }
  return "nothing was thrown";
}

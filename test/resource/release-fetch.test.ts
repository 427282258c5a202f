import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { type ReleaseDesired, release } from "../../engine/resource/release.ts";
import { fetchEarly } from "../../engine/resource/release-fetch.ts";
import { sh } from "../../engine/shell/sh.ts";
import { apply, plan } from "../support/converges.ts";
import { runSections, shells } from "../support/shells.ts";
import { leadsByTls } from "../support/tls.ts";
import { clients, restrict } from "../support/tools.ts";

const asRoot = process.getuid?.() === 0 ? false : "only root may give files to root";
const BIG = 4_000_000;

const made = t.testdir();
const tree = join(made, "tool-1");
mkdirSync(tree);
writeFileSync(join(tree, "tool"), "#!/bin/sh\n");
const archive = join(made, "tool.tar.gz");
execFileSync("tar", ["-czf", archive, "-C", made, "tool-1"]);
const sha256 = createHash("sha256").update(readFileSync(archive)).digest("hex");

const { url, server } = await serve();
t.teardown(() => server.kill());
/** The same server by another name. */
const elsewhere = url.replace("127.0.0.1", "localhost");

/**
 * A server of its own process: the shells are waited for synchronously. `/to/URL/tool.tar.gz` leads to that URL, `/circle/` to itself,
 * `/big/` sends too much, with its size or (`/big/chunked/`) without.
 */
async function serve(): Promise<{ url: string; server: ChildProcess }> {
  const code = `
    const [, archive, size] = process.argv;
    const server = require("http").createServer(({ url }, response) => {
      const [, place] = /^\\/to\\/([^/]*)\\//.exec(url) ?? [];
      if (place !== undefined) return response.writeHead(302, { Location: decodeURIComponent(place) }).end("moved");
      if (url.startsWith("/circle/")) return response.writeHead(302, { Location: url }).end();
      if (!url.startsWith("/big/")) return require("fs").createReadStream(archive).pipe(response);
      if (url === "/big/tool.tar.gz") response.setHeader("Content-Length", size);
      for (let sent = 0; sent < size; sent += 100_000) response.write(Buffer.alloc(100_000));
      response.end();
    });
    server.listen(0, () => console.log(server.address().port));`;
  const server = spawn(process.execPath, ["-e", code, archive, String(BIG)], { stdio: ["ignore", "pipe", "inherit"] });
  const [port] = await once(server.stdout, "data");
  return { url: `http://127.0.0.1:${String(port).trim()}`, server };
}

const leadingTo = (place: string) => `${url}/to/${encodeURIComponent(place)}/tool.tar.gz`;

function tool(dir: string, more: Partial<ReleaseDesired>) {
  return release({
    name: "tool",
    version: "1",
    url: `${url}/tool.tar.gz`,
    sha256,
    files: { "tool-1/tool": "tool" },
    links: {},
    dir,
    ...more,
  });
}

const tools =
  "awk basename cat chmod chown cp cut date dash dirname bash busybox df find grep gzip head id ln ls mkdir mktemp mv readlink rm rmdir sed sha256sum sleep stat tail tar touch tr true uname wc";

/** Runs once for each shell and each program that downloads. */
function inEach(
  title: string,
  run: (t: Test, install: (more: Partial<ReleaseDesired>) => string, name: string) => void,
): void {
  for (const shell of shells)
    for (const [name, client, as] of clients)
      t.test(`${title} (${name}, ${shell[0]})`, { skip: asRoot || (!client && `needs ${name}`) }, async (t) => {
        restrict(t, tools.split(" "), client, as);
        const dir = t.testdir();
        run(t, (more) => outcome(t, shell, dir, more), name);
      });
}

/** "installed", or what was said. */
function outcome(t: Test, shell: readonly string[], dir: string, more: Partial<ReleaseDesired>): string {
  try {
    apply(shell, plan(shell, [tool(dir, more)]));
    return existsSync(`${dir}/tool/1/tool`) ? "installed" : "nothing";
  } catch (error) {
    t.notOk(existsSync(`${dir}/tool/1`), "nothing is left");
    return String(error);
  }
}

inEach("a download follows redirects within its own host", (t, install) => {
  t.equal(install({ url: leadingTo(`${url}/x/tool.tar.gz?token=a&b[]=c`) }), "installed");
});

inEach("a relative redirect stays where it is", (t, install) => {
  t.equal(install({ url: leadingTo("/x/tool.tar.gz") }), "installed");
});

inEach("a redirect to another host is refused, with its name and how to allow it", (t, install) => {
  t.match(
    install({ url: leadingTo(`${elsewhere}/x/tool.tar.gz`) }),
    /127\.0\.0\.1\S* leads on to localhost, which is none of its hosts: .*allow that host \(hosts of the release, var release_hosts\)/,
  );
});

inEach("a redirect to a host that is listed is followed", (t, install) => {
  t.equal(install({ url: leadingTo(`${elsewhere}/x/tool.tar.gz`), hosts: ["localhost"] }), "installed");
});

inEach("a host that only looks like the right one is another", (t, install, name) => {
  const authority = url.slice("http://".length);
  for (const place of [
    `http://127.0.0.1:x@${authority.replace("127.0.0.1", "localhost")}/tool.tar.gz`,
    `http://127.0.0.1@${authority.replace("127.0.0.1", "localhost")}/tool.tar.gz`,
    `//${authority.replace("127.0.0.1", "localhost")}/tool.tar.gz`,
    `http://127.0.0.1.localhost:${authority.split(":")[1]}/tool.tar.gz`,
  ])
    t.match(install({ url: leadingTo(place) }), name === "busybox wget" ? /nothing was changed/ : /leads on to/, place);
});

inEach("what leads to no web server is no download", (t, install) => {
  t.match(install({ url: leadingTo(`file://${archive}`) }), /leads on to|cannot download/);
});

inEach("a circle ends", (t, install) => {
  t.match(install({ url: `${url}/circle/tool.tar.gz` }), /leads on more than 5 times|wget ended with/);
});

inEach("what is larger than it may be is refused, and the disk is kept", (t, install) => {
  for (const path of ["big", "big/chunked"])
    t.match(
      install({ url: `${url}/${path}/tool.tar.gz`, maxBytes: 100_000 }),
      /sends is larger than 100000 bytes: .*maxBytes/,
      path,
    );
  t.match(install({ url: `${url}/big/tool.tar.gz`, maxBytes: BIG }), /not the one that was asked for/);
});

for (const shell of shells)
  t.test(`a download that runs early is held to the same (${shell[0]})`, async (t) => {
    const early = (more: Partial<ReleaseDesired>) => {
      const dir = t.testdir();
      const desired = { name: "tool", version: "1", url: `${url}/tool.tar.gz`, sha256, files: {}, links: {}, ...more };
      const [section] = runSections(shell, [sh`cd ${dir}; ${fetchEarly(desired)}`]);
      return [section?.status, existsSync(`${dir}/archive`) ? readFileSync(`${dir}/archive`).length : 0];
    };
    t.same(early({}), [0, readFileSync(archive).length]);
    t.equal(early({ url: leadingTo(`${elsewhere}/tool.tar.gz`) })[0], 1);
    const [status, size = 0] = early({ url: `${url}/big/chunked/tool.tar.gz`, maxBytes: 100_000 });
    t.equal(status, 1);
    t.ok(size < 102_500, `${size} bytes are on the disk`);
    t.same(early({ url: `${url}/big/tool.tar.gz`, maxBytes: 100_000 }), [1, 0], "a size that is said is believed");
  });

for (const shell of shells)
  t.test(`https leads to no http (${shell[0]})`, { skip: asRoot }, async (t) => {
    const dir = t.testdir();
    const { url: tls, certificate } = await leadsByTls(t, leadingTo(url));
    process.env.CURL_CA_BUNDLE = certificate;
    t.teardown(() => delete process.env.CURL_CA_BUNDLE);
    t.match(
      outcome(t, shell, dir, { url: `${tls}/tool.tar.gz` }),
      /leads on to http, which anybody on the way can read/,
    );
  });

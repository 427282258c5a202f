import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import t, { type Test } from "tap";
import { lockReleases, parseChecksums } from "../../engine/inventory/release-lock.ts";
import { typescript } from "../support/program.ts";
import { leadsByTls } from "../support/tls.ts";

const [one, two] = ["1".repeat(64), "2".repeat(64)];

type ByPath = Readonly<Record<string, string>>;

/** Serves checksum files by path, leads on from others, and counts who asks. */
async function serve(t: Test, files: ByPath, leads: ByPath = {}): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer(({ url = "" }, response) => {
    asked.push(url);
    const [text, place] = [files[url], leads[url]];
    if (place !== undefined) return response.writeHead(302, { location: place }).end("moved");
    response.writeHead(text === undefined ? 404 : 200).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  t.teardown(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

t.test("a hash is read from the release's own checksum file once, and kept", async (t) => {
  const { url, asked } = await serve(t, { "/v1/SHA256SUMS": `${one}  a.zip\n${two} *./b.zip\n` });
  const path = join(t.testdir(), "releases.lock.json");
  const wanted = ["a.zip", "b.zip"].map((file) => ({ file, checksumsUrl: `${url}/v1/SHA256SUMS` }));
  const lock = {
    "a.zip": { sha256: one, source: `${url}/v1/SHA256SUMS` },
    "b.zip": { sha256: two, source: `${url}/v1/SHA256SUMS` },
  };
  t.same(await lockReleases(path, wanted, true), lock);
  t.same(JSON.parse(readFileSync(path, "utf8")), lock);
  t.same(await lockReleases(path, wanted, true), lock);
  t.same(asked, ["/v1/SHA256SUMS"], "one request for both, none the second time");
});

t.test("another release is asked for its own hash, though its archive has the same name", async (t) => {
  const { url } = await serve(t, { "/v1/SUMS": `${one}  a.zip\n`, "/v2/SUMS": `${two}  a.zip\n` });
  const path = join(t.testdir(), "releases.lock.json");
  await lockReleases(path, [{ file: "a.zip", checksumsUrl: `${url}/v1/SUMS` }], true);
  t.match(await lockReleases(path, [{ file: "a.zip", checksumsUrl: `${url}/v2/SUMS` }], true), {
    "a.zip": { sha256: two },
  });
});

t.test("a hash that somebody wrote down by hand is never replaced", async (t) => {
  const path = join(t.testdir(), "releases.lock.json");
  writeFileSync(path, JSON.stringify({ "a.zip": { sha256: one, source: "kim, from the release page" } }));
  t.match(await lockReleases(path, [{ file: "a.zip", checksumsUrl: "http://127.0.0.1:1/none" }], true), {
    "a.zip": { sha256: one },
  });
});

t.test("check mode writes no lock file", async (t) => {
  const { url } = await serve(t, { "/SUMS": `${one}  a.zip\n` });
  const path = join(t.testdir(), "releases.lock.json");
  await lockReleases(path, [{ file: "a.zip", checksumsUrl: `${url}/SUMS` }], false);
  t.notOk(existsSync(path));
});

t.test("what cannot be read or has no such line is said with the way out", async (t) => {
  const { url } = await serve(t, { "/SUMS": `${one}  other.zip\n` });
  const path = join(t.testdir(), "releases.lock.json");
  const lock = (checksumsUrl: string) => lockReleases(path, [{ file: "a.zip", checksumsUrl }], true);
  await t.rejects(lock(`${url}/SUMS`), { message: `${url}/SUMS has no line for a.zip: is the version right?` });
  await t.rejects(lock(`${url}/gone`), {
    message: /cannot read the checksums of a release: .*HTTP 404\. Write the hash into .*releases\.lock\.json/,
  });
  writeFileSync(path, "{");
  await t.rejects(lock(`${url}/SUMS`), { message: /releases\.lock\.json: found what is not JSON/ });
});

t.test("lines that are not of sha256sum are passed over", async (t) => {
  t.same([...parseChecksums(`# comment\n${one}  a b\nxyz  c\n${two}  d.tar.gz\n`)], [["d.tar.gz", two]]);
});

t.test("a checksum file is read from its own host and from those that are listed", async (t) => {
  const target = await serve(t, { "/SUMS": `${one}  a.zip\n` });
  const elsewhere = target.url.replace("127.0.0.1", "localhost");
  const { url } = await serve(
    t,
    {},
    { "/own": `${target.url}/SUMS`, "/other": `${elsewhere}/SUMS`, "/circle": "/circle" },
  );
  const lock = (path: string, hosts?: readonly string[]) =>
    lockReleases(
      join(t.testdir(), "lock.json"),
      [{ file: "a.zip", checksumsUrl: `${url}${path}`, ...(hosts && { hosts }) }],
      false,
    );
  t.match(await lock("/own"), { "a.zip": { sha256: one } });
  t.match(await lock("/other", ["localhost"]), { "a.zip": { sha256: one } });
  await t.rejects(lock("/other"), {
    message: /leads on to localhost, which is none of its hosts: .*\(var release_hosts\)/,
  });
  await t.rejects(lock("/circle"), { message: /leads on more than 5 times/ });
});

t.test("a checksum file that does not end is given up", async (t) => {
  const { url } = await serve(t, { "/SUMS": "x".repeat(2_000_000) });
  const lock = lockReleases(join(t.testdir(), "lock.json"), [{ file: "a.zip", checksumsUrl: `${url}/SUMS` }], false);
  await t.rejects(lock, { message: /it is larger than 1048576 bytes/ });
});

t.test("a checksum file that is asked for by TLS is never read without", async (t) => {
  const { url } = await serve(t, { "/SUMS": `${one}  a.zip\n` });
  const { url: tls, certificate } = await leadsByTls(t, `${url}/SUMS`);
  // Whom Node trusts besides is read at its start.
  const program = `import { download } from "./engine/inventory/download.ts"; await download("${tls}/SUMS");`;
  const { stderr } = spawnSync(process.execPath, [typescript, "--input-type=module", "-e", program], {
    env: { ...process.env, NODE_EXTRA_CA_CERTS: certificate },
    encoding: "utf8",
  });
  t.match(stderr, /it leads on to http:\/\/127\.0\.0\.1:\d+, without TLS/);
});

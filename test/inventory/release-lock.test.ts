import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import t, { type Test } from "tap";
import { lockReleases, parseChecksums } from "../../engine/inventory/release-lock.ts";

const [one, two] = ["1".repeat(64), "2".repeat(64)];

/** Serves checksum files by path, and counts who asks. */
async function serve(t: Test, files: Readonly<Record<string, string>>): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer(({ url = "" }, response) => {
    asked.push(url);
    const text = files[url];
    response.writeHead(text === undefined ? 404 : 200).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
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

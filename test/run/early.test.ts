import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import t, { type Test } from "tap";
import { command } from "../../engine/resource/command.ts";
import { release } from "../../engine/resource/release.ts";
import { awaitEarly, beginEarly } from "../../engine/run/early.ts";
import { lines, sh } from "../../engine/shell/sh.ts";
import { convergeLocally, statePaths } from "../support/local-run.ts";
import { runSections, shells } from "../support/shells.ts";

const skip = process.getuid?.() === 0 ? false : "only root may give files to root";

const archive = archiveOf("tool", "#!/bin/sh\necho works\n");

/** An archive of one file, by tar. */
function archiveOf(name: string, content: string): Buffer {
  const dir = t.testdir({ [name]: content });
  return execFileSync("tar", ["-czf", "-", "-C", dir, name]);
}

/** Serves the archive; `asked` counts requests, and a file says that there was one. */
async function serve(t: Test, dir: string, refuse = false) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    writeFileSync(`${dir}/asked`, "");
    response.statusCode = refuse && asked.length === 1 ? 404 : 200;
    response.end(archive);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => server.close());
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/tool.tar.gz` };
}

function tool(dir: string, url: string, sha256 = createHash("sha256").update(archive).digest("hex")) {
  return release({
    ...{ name: "tool", version: "1", url, sha256, dir: `${dir}/opt` },
    files: { tool: "tool" },
    links: { [`${dir}/bin/tool`]: "tool" },
  });
}

/** Takes until something was asked for: ten seconds at most, and then it fails. */
function long(dir: string) {
  const run = sh`
    count=0
    until [ -e ${`${dir}/asked`} ]; do sleep 0.1; count=$((count + 1)); [ $count -lt 100 ]; done
    : >${`${dir}/done`}`;
  return command({ name: "takes long", creates: `${dir}/done`, run });
}

for (const shell of shells)
  t.test(`what comes to its end is there, what fails is not, and all of it goes (${shell[0]})`, async (t) => {
    const dir = t.testdir();
    const own = sh`begun=${`${dir}/begun`} early=; forget() { rm -rf -- "$begun"; }`;
    const begin = beginEarly(
      new Map([
        [0, sh`sleep 0.3; echo had >it`],
        [2, sh`echo half >it; exit 1`],
      ]),
    );
    const sections = [
      lines([awaitEarly(0), sh`cat "$early/it"`]),
      sh`printf %s "$early"`,
      lines([awaitEarly(2), sh`printf %s "$early"`]),
    ];
    const found = runSections(shell, sections, { stopAtFailure: true, prelude: lines([own, begin]) });
    t.same(
      found.map(({ status, stdout }) => [status, stdout]),
      [
        [0, "had\n"],
        [0, ""],
        [0, ""],
      ],
    );
    t.same(readdirSync(dir), []);
  });

t.test("a download begins at once, beside what comes before it", { skip }, async (t) => {
  const dir = t.testdir();
  const { url, asked } = await serve(t, dir);
  const { error, progress } = await convergeLocally(t, dir, [long(dir), tool(dir, url)]);
  t.equal(error, undefined);
  t.equal(progress.changed.size, 2);
  t.same(asked, ["/tool.tar.gz"], "once");
  t.match(readFileSync(`${dir}/bin/tool`, "utf8"), "echo works");
  t.notOk(existsSync(`${statePaths(dir).state}/early`), "nothing is left of it");
});

t.test("what could not be had early is asked for again in its turn, which says what is wrong", { skip }, async (t) => {
  const dir = t.testdir();
  const { url, asked } = await serve(t, dir, true);
  const { error } = await convergeLocally(t, dir, [long(dir), tool(dir, url)]);
  t.equal(error, undefined);
  t.equal(asked.length, 2);
  const other = await convergeLocally(t, `${dir}/opt`, [long(dir), tool(`${dir}/opt`, url, "0".repeat(64))]);
  t.match(other.error, { stderr: /the archive is not the one that was asked for/ });
});

t.test("where a change fails, what goes on beside it ends, and is gone", { skip }, async (t) => {
  const dir = t.testdir();
  const server = createServer((_, response) => {
    writeFileSync(`${dir}/asked`, "");
    response.write("the begin, and no end");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => server.close());
  const closed = new Promise<void>((resolve) =>
    server.once("connection", (socket) => socket.once("close", () => resolve())),
  );
  const { port } = server.address() as AddressInfo;
  const fails = command({
    name: "fails",
    creates: `${dir}/never`,
    run: sh`until [ -e ${`${dir}/asked`} ]; do sleep 0.1; done; exit 3`,
  });
  const { error } = await convergeLocally(t, dir, [fails, tool(dir, `http://127.0.0.1:${port}/tool.tar.gz`)]);
  t.match(error, { message: /fails failed: exit 3/ });
  await closed;
  t.same(readdirSync(statePaths(dir).state).sort(), ["lock", "lock.script", "made", "pending", "turn"]);
});

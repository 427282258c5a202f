import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import t, { type Test } from "tap";
import { http } from "../../engine/resource/http.ts";
import { quoteWord } from "../../engine/shell/sh.ts";
import { apply, converges, plan } from "../support/converges.ts";
import { shells } from "../support/shells.ts";
import { clients, restrict } from "../support/tools.ts";

const hostile = ["it's $HOME", "$(id) `id`", "two\nlines\n", "-n", "é", "*[x]", "back\\slash", "%s"];

/** A process of its own, as the shells are run synchronously: /late/2/… is healthy from its third request on. */
const server = spawn(
  process.execPath,
  [
    "-e",
    `const asked = {};
    require("node:http").createServer((request, response) => {
      const [, kind, value] = request.url.split("/");
      asked[request.url] = (asked[request.url] ?? 0) + 1;
      if (kind === "redirect") response.setHeader("location", "/ok");
      const late = kind === "late" && asked[request.url] <= Number(value);
      response.writeHead(kind === "redirect" ? 302 : late ? 503 : 200);
      response.end(late ? "not\\x1b[2J\\nready\\0" : ${JSON.stringify(`ready ${hostile.join(" ")}\n`)});
    }).listen(0, "127.0.0.1", function () { console.log(this.address().port); });`,
  ],
  { stdio: ["ignore", "pipe", "inherit"] },
);
t.teardown(() => server.kill());
const [port] = await once(server.stdout, "data");
const url = `http://127.0.0.1:${String(port).trim()}`;

converges(t, "http converges on a status, and on hostile texts in the body", (dir) => {
  const late = `${url}/late/2/${basename(dir)}`;
  return [http({ url: late }), ...hostile.map((contains, index) => http({ url: `${late}/${index}`, contains }))];
});

const tools = [
  "mktemp",
  "rm",
  "cat",
  "head",
  "tail",
  "tr",
  "sed",
  "timeout",
  "date",
  "sleep",
  "dash",
  "bash",
  "busybox",
];

for (const shell of shells) {
  for (const [name, client, as] of clients) {
    t.test(`http by ${name} in ${shell[0]}`, { skip: !client && `needs ${name}` }, async (t) => {
      restrict(t, tools, client, as);
      const before = (options: Parameters<typeof http>[0]) => plan(shell, [http(options)])[0]?.changes[0]?.before;
      t.equal(before({ url: `${url}/ok` }), undefined);
      t.equal(before({ url: `${url}/ok`, contains: "ready" }), undefined);
      t.equal(before({ url: `${url}/ok`, contains: "asleep" }), 'HTTP 200 without "asleep"');
      t.equal(before({ url: `${url}/late/9/${name.replace(" ", "")}${shell[0]}` }), "HTTP 503");
      t.equal(before({ url: `${url}/ok`, status: 404 }), "HTTP 200");
      t.equal(before({ url: `${url}/redirect`, status: 302 }), undefined);
      t.equal(before({ url: "http://127.0.0.1:1/" }), "no answer");
    });
  }

  t.test(`http in ${shell[0]}`, async (t) => {
    const { PATH: path, HOME: home } = process.env;
    t.afterEach(() => {
      Object.assign(process.env, { PATH: path, HOME: home });
    });
    t.test("a host with nothing to ask with can be checked, and says what it lacks when applied", async (t) => {
      restrict(t, tools, undefined, "");
      const steps = plan(shell, [http({ url: `${url}/ok` })]);
      t.same(steps[0]?.changes, [{ field: "health", before: "no curl or wget", after: "HTTP 200" }]);
      t.throws(() => apply(shell, steps), /neither curl nor wget/);
    });

    for (const old of [false, true])
      t.test(
        `many are asked at once, ${old ? "by a curl before 7.66 too, " : ""}and each has its answer`,
        { skip: !clients[0][1] && "needs curl" },
        async (t) => {
          const asked = join(t.testdirName, "asked");
          const refuse = old ? "case $* in *-Z*) exit 2 ;; esac; " : "";
          const counting = `#!/bin/sh\n${refuse}echo >>${quoteWord(asked)}; exec ${clients[0][1]} "$@"\n`;
          // The user's own file would send the first to where nobody answers.
          const own = { ".curlrc": 'proxy = "http://127.0.0.1:1"\n' };
          process.env.PATH = `${t.testdir({ curl: counting, asked: "", ...own })}:${path}`;
          process.env.HOME = t.testdirName;
          chmodSync(`${t.testdirName}/curl`, 0o755);
          const all = Array.from({ length: 12 }, (_, index) =>
            http({ url: `${url}/${index % 2 ? "redirect" : "ok"}/${index}`, ...(index % 3 && { contains: "ready" }) }),
          );
          t.same(
            plan(shell, [...all, http({ url: "http://127.0.0.1:1/" })]).map(({ resource }) => resource.id),
            [...all.filter((_, index) => index % 2 === 1).map(({ id }) => id), "http://127.0.0.1:1/"],
          );
          t.equal(readFileSync(asked, "utf8").length, old ? all.length + 1 : 1, "processes");
        },
      );

    t.test("when the time is over the last answer is told, without control characters", async (t) => {
      const one = http({ url: `${url}/late/99/${shell[0]}`, contains: "x", timeoutSeconds: 0 });
      const failure = /HTTP 503 after 0 s, wanted HTTP 200 with "x"; the body begins: not\[2J ready$/;
      t.throws(() => apply(shell, plan(shell, [one])), failure);
    });

    t.test("nothing is left in the folder for temporary files", async (t) => {
      process.env.TMPDIR = t.testdir();
      t.teardown(() => {
        delete process.env.TMPDIR;
      });
      const steps = plan(shell, [http({ url: `${url}/late/1/tmp-${shell[0]}` })]);
      apply(shell, steps);
      t.equal(steps.length, 1);
      t.same(readdirSync(process.env.TMPDIR ?? ""), []);
    });
  });
}

t.test("http asks again until the answer is right", async (t) => {
  const [shell = ["sh"]] = shells;
  const resource = http({ url: `${url}/late/2/again`, timeoutSeconds: 30 });
  apply(shell, plan(shell, [resource]));
  t.same(plan(shell, [resource]), []);
});

t.test("http takes a name for reports, and refuses what is no URL", async (t) => {
  t.equal(http({ url, name: "grafana is up" }).id, "grafana is up");
  for (const bad of ["", "localhost", "file:///etc/passwd", "http://a b", "-o/etc/passwd", "http://é"]) {
    t.throws(() => http({ url: bad }), /URL/, bad);
  }
  t.throws(() => http({ url, timeoutSeconds: 1.5 }), /whole number/);
});

const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;

/** A server whose certificate nobody knows. */
async function strange(t: Test): Promise<string> {
  const dir = t.testdir();
  const name = ["-subj", "/CN=elsewhere", "-keyout", `${dir}/key`, "-out", `${dir}/crt`];
  spawnSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", ...name]);
  const program = `const { readFileSync } = require("node:fs");
    const files = { key: readFileSync("${dir}/key"), cert: readFileSync("${dir}/crt") };
    require("node:https").createServer(files, (_, response) => response.end("well"))
      .listen(0, "127.0.0.1", function () { console.log(this.address().port); });`;
  const server = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  t.teardown(() => server.kill());
  const [port] = await once(server.stdout, "data");
  return `https://127.0.0.1:${String(port).trim()}/`;
}

for (const [name, client, as] of clients.slice(0, 2)) {
  const skip = !client ? `needs ${name}` : hasOpenssl ? false : "needs openssl";
  t.test(`http by ${name} takes any certificate where it is told so, and only there`, { skip }, async (t) => {
    const url = await strange(t);
    restrict(t, tools, client, as);
    const [shell = ["sh"]] = shells;
    t.equal(plan(shell, [http({ url })])[0]?.changes[0]?.before, "no answer");
    t.same(plan(shell, [http({ url, anyCertificate: true, contains: "well" })]), []);
  });
}

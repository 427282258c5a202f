import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import t, { type Test } from "tap";
import { services } from "../../roles/services.ts";
import { typescript } from "../support/program.ts";

// Each case starts the program, some a browser.
t.setTimeout(300_000);

const dashboards = services.flatMap((service) => service.dashboards);
const hasChromium = ["chromium", "chromium-browser", "google-chrome"].some(
  (name) => !spawnSync(name, ["--version"]).error,
);

for (const { name, args, password = "x", text } of [
  { name: "no URL", args: [], text: "pictures: --url is missing: where is Grafana?" },
  {
    name: "a URL that is none",
    args: ["--url", "mon"],
    text: "pictures: --url mon: expected http://HOST or https://HOST",
  },
  { name: "a URL of something else", args: ["--url", "file:///x"], text: "pictures: --url file:///x: expected http" },
  { name: "an option that it does not have", args: ["--password", "x"], text: "pictures: Unknown option '--password'" },
  { name: "no password", args: ["--url", "http://127.0.0.1:1"], password: "", text: "GRAFANA_PASSWORD is not set" },
  {
    name: "nobody there",
    args: ["--url", "http://127.0.0.1:1"],
    text: "http://127.0.0.1:1/api/health does not answer",
  },
]) {
  t.test(`${name}: one line, exit 1`, async (t) => {
    const { code, stdout, stderr } = await pictures(t, args, password);
    t.same({ code, stdout, lines: stderr.trimEnd().split("\n").length }, { code: 1, stdout: "", lines: 1 });
    t.ok(stderr.includes(text), stderr);
  });
}

for (const { name, headers, commit } of [
  { name: "by its header", headers: { "X-Stand-In": "1" }, commit: "" },
  { name: "by its health", headers: {}, commit: "stand-in" },
]) {
  t.test(`a stand-in is refused ${name}, before the first picture`, async (t) => {
    const asked: (string | undefined)[] = [];
    const url = await serve(t, (request, response) => {
      asked.push(request.url);
      for (const [key, value] of Object.entries(headers)) response.setHeader(key, value);
      response.end(JSON.stringify({ commit, database: "ok", version: "12.4.11" }));
    });
    const { code, stderr, out } = await pictures(t, ["--url", `${url}/`]);
    t.equal(code, 1);
    t.equal(stderr, `pictures: ${url} is a stand-in, which draws nothing: pictures need a real Grafana\n`);
    t.same(asked, ["/api/health"]);
    t.notOk(existsSync(out));
  });
}

t.test("what is no Grafana, one that lets nobody in and one without the dashboards are told", async (t) => {
  const answers =
    (status: number): RequestListener =>
    (request, response) => {
      if (request.url === "/api/health" && status !== 200) return response.end('{"database":"ok"}');
      response.statusCode = status;
      return response.end("{}");
    };
  for (const { status, text } of [
    { status: 200, text: "is no Grafana: /api/health answers 200" },
    { status: 401, text: "refuses admin with this password" },
    { status: 404, text: 'has no dashboard "Overview" (hostwright-overview): HTTP 404' },
  ]) {
    const { code, stderr } = await pictures(t, ["--url", await serve(t, answers(status))]);
    t.equal(code, 1);
    t.ok(stderr.includes(text), stderr);
  }
});

const skip = hasChromium ? false : "needs chromium (Debian: chromium)";

t.test("the browser logs in, waits for each panel, and keeps one picture of each dashboard", { skip }, async (t) => {
  // No Grafana: pages with the panels' titles, for who has logged in.
  const url = await serve(t, (request, response) => {
    const { pathname } = new URL(request.url ?? "", "http://x");
    const found = dashboards.find(({ uid }) => pathname === `/d/${uid}`);
    if (pathname === "/login") response.setHeader("Set-Cookie", "grafana_session=x; Path=/");
    if (!found) return response.end('{"database":"ok"}');
    if (!request.headers.cookie?.includes("grafana_session=x")) return response.writeHead(403).end();
    response.setHeader("Content-Type", "text/html; charset=utf-8");
    const titles = JSON.stringify((found.panels ?? []).map(({ title }) => title));
    return response.end(`<body><script>setTimeout(() => {
      for (const title of ${titles}) document.body.append(Object.assign(document.createElement("h2"), { textContent: title }));
      document.body.append(Object.assign(document.createElement("p"), { textContent: "No data" }));
    }, 200)</script>`);
  });
  const { code, stdout, stderr, out } = await pictures(t, ["--url", url]);
  t.equal(code, 0, stderr);
  t.same(readdirSync(out).sort(), [
    "application.png",
    "host.png",
    "logs.png",
    "overview.png",
    "runs.png",
    "stack.png",
    "traces.png",
  ]);
  for (const name of readdirSync(out)) t.ok(readFileSync(`${out}/${name}`).includes("PNG"), name);
  t.match(stdout, /overview\.png: 11 panels, 1 say "No data"/);
});

async function pictures(t: Test, args: readonly string[], GRAFANA_PASSWORD = "x") {
  const out = `${t.testdir()}/out`;
  const env = { ...process.env, GRAFANA_PASSWORD };
  const child = spawn(process.execPath, [typescript, "test/docs/pictures.mts", "--out", out, ...args], { env });
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name].on("data", (chunk: Buffer) => {
      said[name] += chunk;
    });
  const [code] = (await once(child, "close")) as [number];
  return { code, ...said, out };
}

async function serve(t: Test, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

import { spawnSync } from "node:child_process";
import { createServer, type IncomingHttpHeaders } from "node:http2";
import type { AddressInfo } from "node:net";
import t from "tap";
import type { Asker, Finding, HostVars, Said } from "../../engine/index.ts";
import { metricsPathOf, metricsPathProblem } from "../../roles/application/metrics-path.ts";
import { answerOf, get } from "../../roles/curl.ts";
import { logEntry } from "../../roles/log-agent/entry.ts";
import { newTrace, toGrpc, toJson } from "../../roles/tempo/otlp.ts";
import { grpcReceipt, httpReceipt, sendGrpc } from "../../roles/tempo/send.ts";
import { verify as proof } from "../../roles/verify/index.ts";
import { appHost, monitoringHost, siteOf } from "./site.ts";

const logVars = {
  app_logs: "/srv/logs/*.log",
  app_logs_exclude: "*-[0-9][0-9]-[0-9][0-9]*.log",
  app_user: "ubuntu",
  log_first_line: "^\\{|^No mapping for ",
};

t.test("the entry has a file of its own, which the agent reads and the application does not write", async (t) => {
  const entry = logEntry(logVars, "abc", "1f");
  if (typeof entry === "string") return t.fail(entry);
  t.equal(entry.path, "/srv/logs/hostwright-verify-abc.log");
  t.match(JSON.parse(entry.text), { event: "hostwright-verify", message: "proof abc", traceId: "1f" });
  t.equal(entry.text.split("\n").filter((line) => /^\{|^No mapping for /.test(line)).length, 1);
});

t.test("an entry follows log_first_line; where there is no room for a file, that is said", async (t) => {
  t.match(logEntry({ ...logVars, log_first_line: "^No mapping for " }, "abc", "1f"), {
    text: /^No mapping for .*\n\tat /,
  });
  t.match(logEntry({ ...logVars, log_first_line: "^\\d{4}-" }, "abc", "1f"), { text: /^\d{4}-.*\n\tat / });
  t.match(logEntry({ ...logVars, log_first_line: "(?i)^NO \\pLapping" }, "abc", "1f"), { text: /^No mapping/ });
  t.match(logEntry({ ...logVars, log_first_line: "^never$" }, "abc", "1f"), /log_first_line/);
  t.match(logEntry({ ...logVars, app_logs: "/srv/logs/app.log" }, "abc", "1f"), /not written to/);
  t.match(logEntry({ ...logVars, app_logs_exclude: "*verify*" }, "abc", "1f"), /leaves out/);
});

t.test("a trace in JSON has a client's span and its server's", async (t) => {
  const trace = newTrace({ host: "app-1", environment: "dev" }, 1_700_000_000_000);
  const { resourceSpans } = JSON.parse(toJson(trace));
  t.equal(resourceSpans.length, 2);
  t.match(resourceSpans[0].scopeSpans[0].spans[0], {
    traceId: trace.id,
    kind: 3,
    endTimeUnixNano: "1700000000000000000",
  });
  t.match(resourceSpans[1].scopeSpans[0].spans[0], { kind: 2, parentSpanId: trace.spans[0].id });
});

/** Fields of a protobuf message: number and bytes (of a number, its digits). */
function fields(buffer: Buffer): readonly (readonly [number, Buffer])[] {
  const found: [number, Buffer][] = [];
  let at = 0;
  const varint = (): number => {
    let [value, shift] = [0, 0];
    for (;;) {
      const byte = buffer[at++] ?? 0;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
      shift += 7;
    }
  };
  while (at < buffer.length) {
    const key = varint();
    const size = (key & 7) === 2 ? varint() : (key & 7) === 1 ? 8 : 0;
    if ((key & 7) === 0) found.push([key >> 3, Buffer.from(String(varint()))]);
    else {
      found.push([key >> 3, buffer.subarray(at, at + size)]);
      at += size;
    }
  }
  return found;
}

t.test("curl sends the trace as a gRPC client does, and the trailers are read", async (t) => {
  const received: { headers?: IncomingHttpHeaders; body: Buffer } = { body: Buffer.alloc(0) };
  let status = "0";
  const server = createServer();
  server.on("stream", (stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => {
      Object.assign(received, { headers, body: Buffer.concat(chunks) });
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": status, "grpc-message": "no room" }));
      stream.end(Buffer.alloc(5));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => server.close());
  const trace = newTrace({ host: "app-1", environment: "dev" }, 1_700_000_000_000);
  const script = sendGrpc({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    trace,
    login: undefined,
  }).text;
  t.match(grpcReceipt(await shell(script)), { accepted: true });
  t.match(received.headers, { ":path": /TraceService\/Export$/, "content-type": "application/grpc", te: "trailers" });
  t.same(received.body, toGrpc(trace));
  t.equal(received.body.readUInt32BE(1), received.body.length - 5);
  const spans = fields(received.body.subarray(5)).map(
    ([, resource]) => new Map(fields(resource)).get(2) ?? Buffer.alloc(0),
  );
  const ids = spans.map((scope) =>
    new Map(fields(new Map(fields(scope)).get(2) ?? Buffer.alloc(0))).get(1)?.toString("hex"),
  );
  t.same(ids, [trace.id, trace.id]);
  status = "8";
  t.match(grpcReceipt(await shell(script)), { accepted: false, text: "grpc-status 8 no room" });
});

async function shell(text: string): Promise<Said> {
  const { spawn } = await import("node:child_process");
  const child = spawn("sh", ["-c", `set -eu\n${text}`], { stdio: ["ignore", "pipe", "pipe"] });
  const [out, err]: [string[], string[]] = [[], []];
  child.stdout.on("data", (chunk) => out.push(String(chunk)));
  child.stderr.on("data", (chunk) => err.push(String(chunk)));
  const status = await new Promise<number>((resolve) => child.on("close", (code) => resolve(code ?? 1)));
  return { status, stdout: out.join(""), stderr: err.join("") };
}

t.test("answers are read with their status; no answer has a reason", async (t) => {
  t.match(answerOf({ status: 0, stdout: "a\nb\n200", stderr: "" }), { code: 200, body: "a\nb" });
  t.match(answerOf({ status: 7, stdout: "\n000", stderr: "curl: (7) refused" }), { code: 0, reason: "(7) refused" });
  t.match(httpReceipt({ status: 0, stdout: '{"partialSuccess":{"rejectedSpans":"2"}}\n200', stderr: "" }), {
    accepted: false,
  });
});

t.test("the password is in no argument of curl", async (t) => {
  const script = get({ url: "http://127.0.0.1:1/api", login: ["admin", 'it\'s "secret"\\'] }).text;
  const traced = spawnSync("sh", ["-c", `curl() { printf '%s|' "$@"; cat; }; ${script}`], { encoding: "utf8" }).stdout;
  const [args = "", stdin = ""] = traced.split("http://127.0.0.1:1/api|");
  t.notMatch(args, /secret/);
  t.equal(stdin, 'user = "admin:it\'s \\"secret\\"\\\\"\n');
});

for (const [name, stdout, problem] of [
  ["Spring Boot's", "200 text/plain;version=0.0.4;charset=utf-8\nknown\n", undefined],
  ["a page", "200 text/html\nmissing\n", /content type is "text\/html"/],
  ["another application's", "200 text/plain; version=0.0.4\nmissing\n", /there is no jvm_x/],
  ["a login", "401 \nmissing\n", /HTTP 401/],
  ["nobody's", "000 \nmissing\n", /no answer/],
] as const) {
  t.test(`metrics path: ${name} answer`, async (t) => {
    const found = metricsPathProblem(metricsPathOf({ status: 0, stdout, stderr: "" }), "jvm_x");
    if (problem) t.match(found, problem);
    else t.equal(found, undefined);
  });
}

/** Hosts on which every script says what the first pattern that it matches has. */
function stage(answers: readonly (readonly [RegExp, Partial<Said>])[], vars: HostVars["vars"] = {}) {
  let clock = 1_700_000_000_000;
  const told: Finding[] = [];
  const asked: string[] = [];
  const asker: Asker = {
    sites: [siteOf([appHost("app-1", "dev", vars), monitoringHost()])],
    async ask(host, scripts) {
      return scripts.map(({ text }) => {
        asked.push(`${host}: ${text}`);
        const said = answers.find(([pattern]) => pattern.test(text))?.[1] ?? {};
        return { status: 0, stdout: "", stderr: "", ...said };
      });
    },
    facts: async () => Promise.reject(new Error("not asked for")),
    tell: (_host, finding) => told.push(finding),
    note: () => undefined,
    async pause(ms) {
      clock += ms;
    },
  };
  return { told, asked, run: () => proof(() => clock)(asker) };
}

t.test("a stopped agent is named at the first look, and the file is taken away again", async (t) => {
  const { told, asked, run } = stage([[/ActiveState -- 'promtail/, { stdout: "inactive\n" }]]);
  await run();
  const logs = told.find(({ name }) => name === "logs");
  t.match(logs, { outcome: "broken", text: "promtail.service on app-1 is inactive", hint: /journalctl -u promtail/ });
  t.ok((logs?.durationMs ?? 0) < 15_000, "without waiting for what cannot come");
  t.match(asked.at(-1), /^app-1: runuser -u 'ubuntu' -- rm -f -- '.*hostwright-verify-[a-z]+\.log'$/);
});

t.test("an application that is not there is not proven; one whose unit is named is broken", async (t) => {
  const outcome = async (vars: HostVars["vars"]) => {
    const { told, run } = stage([], vars);
    await run();
    return told.find(({ name }) => name === "metrics path")?.outcome;
  };
  t.equal(await outcome({}), "unproven");
  t.equal(await outcome({ app_service: "app.service" }), "broken");
});

t.test("a refused port is told with the hosts at both ends", async (t) => {
  const { told, run } = stage([
    [/ActiveState/, { stdout: "active\n" }],
    [
      /docker ps/,
      { stdout: "loki\trunning (Up)\ntempo\trunning (Up)\nprometheus\trunning (Up)\ngrafana\trunning (Up)\n" },
    ],
    [/time_connect/, { stdout: "refused\n" }],
  ]);
  await run();
  t.match(
    told.find(({ name }) => name === "logs"),
    {
      text: "app-1 cannot reach 192.0.2.10:8080 on mon: refused",
      hint: /let app-1 reach port 8080 of mon/,
    },
  );
});

import { createServer, type IncomingHttpHeaders } from "node:http2";
import type { AddressInfo } from "node:net";
import t from "tap";
import type { Said } from "../../../engine/index.ts";
import { newTrace, toGrpc, toJson } from "../../../roles/tempo/otlp.ts";
import { grpcReceipt, httpReceipt, sendGrpc } from "../../../roles/tempo/send.ts";

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

t.test("a server that rejects spans has not taken the trace", async (t) => {
  t.match(httpReceipt({ status: 0, stdout: '{"partialSuccess":{"rejectedSpans":"2"}}\n200', stderr: "" }), {
    accepted: false,
  });
});

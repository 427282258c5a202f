import t from "tap";
import { newTrace, toGrpc, toJson } from "../../../roles/tempo/otlp.ts";

const host = { host: "app-1", environment: "dev" };

t.test("no two traces last equally long: the sum of their edge changes, also where it begins anew", async (t) => {
  const lengths = Array.from({ length: 20 }, () => {
    const [, server] = newTrace(host, 1_795_000_000_000).spans;
    return server.endNs - server.startNs;
  });
  t.equal(new Set(lengths).size, lengths.length);
  t.ok(lengths.every((ns) => ns >= 20_000_000n && ns < 30_000_000n));
});

t.test("the server's span lies in its client's, in JSON as in protobuf", async (t) => {
  const trace = newTrace(host, 1_795_000_000_000);
  const [client, server] = trace.spans;
  t.ok(client.startNs < server.startNs && server.endNs < client.endNs);
  const { resourceSpans } = JSON.parse(toJson(trace));
  t.equal(resourceSpans[1].scopeSpans[0].spans[0].endTimeUnixNano, `${server.endNs}`);
  const end = Buffer.alloc(8);
  end.writeBigUInt64LE(server.endNs);
  t.ok(toGrpc(trace).includes(end));
});

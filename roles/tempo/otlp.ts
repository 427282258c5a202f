import { randomBytes, randomInt } from "node:crypto";
import { bytes, fixed64, message, text, varint } from "./protobuf.ts";

/** A trace of two spans, a client's and its server's: what Tempo draws a service graph of. */
export interface Trace {
  /** 32 hexadecimal digits. */
  readonly id: string;
  readonly environment: string;
  readonly host: string;
  readonly spans: readonly [Span, Span];
}

interface Span {
  readonly id: string;
  readonly parent?: string;
  /** 2 is a server's, 3 a client's. */
  readonly kind: 2 | 3;
  readonly service: string;
  readonly name: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
}

/** The service that calls, in every proof. */
export const CLIENT = "hostwright-verify";

/** The service that is called, one a host, so that each host has an edge of its own. */
export function serverOf(host: string): string {
  return `${CLIENT}-${host}`;
}

/** Returns a new trace of this host that ends now. */
export function newTrace(
  { host, environment }: Pick<Trace, "host" | "environment">,
  nowMs: number,
  id = randomHex(16),
): Trace {
  const [client, server] = [randomHex(8), randomHex(8)];
  const shared = { name: "GET /proof" };
  const at = (ms: number) => BigInt(nowMs + ms) * 1_000_000n;
  // No two last equally long: by that the sum of an edge is another one after each, also where Tempo begins anew at nothing.
  const odd = BigInt(randomInt(10_000_000));
  return {
    id,
    environment,
    host,
    spans: [
      { ...shared, id: client, kind: 3, service: CLIENT, startNs: at(-50), endNs: at(0) },
      {
        ...shared,
        id: server,
        parent: client,
        kind: 2,
        service: serverOf(host),
        startNs: at(-40),
        endNs: at(-20) + odd,
      },
    ],
  };
}

/** The trace as OTLP/HTTP takes it in JSON. */
export function toJson(trace: Trace): string {
  const attribute = ([key, stringValue]: readonly [string, string]) => ({ key, value: { stringValue } });
  const resourceSpans = trace.spans.map((span) => ({
    resource: { attributes: attributes(trace, span).map(attribute) },
    scopeSpans: [
      {
        scope: { name: CLIENT },
        spans: [
          {
            traceId: trace.id,
            spanId: span.id,
            ...(span.parent ? { parentSpanId: span.parent } : {}),
            name: span.name,
            kind: span.kind,
            startTimeUnixNano: `${span.startNs}`,
            endTimeUnixNano: `${span.endNs}`,
          },
        ],
      },
    ],
  }));
  return JSON.stringify({ resourceSpans });
}

/** The trace as OTLP/gRPC takes it: an ExportTraceServiceRequest, behind gRPC's own five bytes. */
export function toGrpc(trace: Trace): Buffer {
  const attribute = ([key, value]: readonly [string, string]) => message(1, text(1, key), message(2, text(1, value)));
  const resourceSpans = trace.spans.map((span) =>
    message(
      1,
      message(1, ...attributes(trace, span).map(attribute)),
      message(2, message(1, text(1, CLIENT)), message(2, ...spanFields(trace.id, span))),
    ),
  );
  const body = Buffer.concat(resourceSpans);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

function spanFields(traceId: string, span: Span): readonly Buffer[] {
  return [
    bytes(1, Buffer.from(traceId, "hex")),
    bytes(2, Buffer.from(span.id, "hex")),
    ...(span.parent ? [bytes(4, Buffer.from(span.parent, "hex"))] : []),
    text(5, span.name),
    varint(6, span.kind),
    fixed64(7, span.startNs),
    fixed64(8, span.endNs),
  ];
}

function attributes({ environment, host }: Trace, { service }: Span): readonly (readonly [string, string])[] {
  return [
    ["service.name", service],
    ["deployment.environment", environment],
    ["host.name", host],
  ];
}

function randomHex(count: number): string {
  return randomBytes(count).toString("hex");
}

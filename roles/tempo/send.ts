import { type Said, type Script, sh } from "hostwright";
import { answerOf } from "../curl.ts";
import type { PushLogin } from "../gateway/login.ts";
import { type Trace, toGrpc, toJson } from "./otlp.ts";

/** A trace on its way. */
export interface Sending {
  readonly transport: "gRPC" | "HTTP";
  readonly url: string;
  readonly trace: Trace;
  /** Who sends, where a gateway asks. */
  readonly login: PushLogin | undefined;
}

/** How a server took a trace. */
export interface Receipt {
  readonly accepted: boolean;
  /** What it said, or why nothing was sent. */
  readonly text: string;
}

/** Script that sends the trace by OTLP over HTTP, in JSON. */
export function sendHttp({ url, trace, login }: Omit<Sending, "transport">): Script {
  return sh`
    ${sayWho(login)}
    printf '%s' ${toJson(trace)} |
      curl -q -K "$dir/who" -sS -m 10 -w '\\n%{http_code}' -H 'Content-Type: application/json' --data-binary @- -- ${`${url}/v1/traces`}`;
}

const EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/** Script that sends the trace by OTLP over gRPC, as an application does: HTTP/2 and protobuf, with curl for a client. */
export function sendGrpc({ url, trace, login }: Omit<Sending, "transport">): Script {
  const version = url.startsWith("https:") ? "--http2" : "--http2-prior-knowledge";
  const headers = ["-H", "Content-Type: application/grpc", "-H", "TE: trailers"];
  return sh`
    case $(curl -q --version) in *HTTP2*) ;; *) echo "curl has no HTTP/2" >&2; exit 90 ;; esac
    ${sayWho(login)}
    rc=0
    printf '%s' ${toGrpc(trace).toString("base64")} | base64 -d |
      curl -q -K "$dir/who" -sS -m 10 ${version} ${headers} --data-binary @- -o /dev/null -D "$dir/said" -- ${`${url}${EXPORT}`} || rc=$?
    [ ! -e "$dir/said" ] || tr -d '\\r' <"$dir/said"
    exit "$rc"`;
}

/** Makes $dir, with a file for curl: the password is in no list of processes, and on this host already. */
function sayWho(login: PushLogin | undefined): Script {
  const write = login
    ? sh`
        password=$(sed 's/[\\"]/\\\\&/g' <${login.passwordFile})
        printf 'user = "%s:%s"\\n' ${login.user} "$password" >"$dir/who"
        ${login.caFile === undefined ? sh`:` : sh`printf 'cacert = "%s"\\n' ${login.caFile} >>"$dir/who"`}`
    : sh`: >"$dir/who"`;
  return sh`
    umask 077
    dir=$(mktemp -d)
    trap 'rm -rf -- "$dir"' EXIT
    ${write}`;
}

/** Reads what `sendHttp` printed. */
export function httpReceipt(said: Said): Receipt {
  const { code, body, reason } = answerOf(said);
  if (code === 0) return { accepted: false, text: reason };
  const rejected = /"rejectedSpans"\s*:\s*"?[1-9]/.test(body);
  return { accepted: code === 200 && !rejected, text: `HTTP ${code} ${body.trim().slice(0, 200)}`.trim() };
}

/** Reads what `sendGrpc` printed: the trailers say what the status does not. */
export function grpcReceipt({ status, stdout, stderr }: Said): Receipt {
  const field = (name: string) => new RegExp(`^${name}:[ \\t]*(.*)$`, "im").exec(stdout)?.[1];
  const code = field("grpc-status");
  if (code === "0") return { accepted: true, text: "grpc-status 0" };
  const [http] = /^HTTP\/\S+ \d+/m.exec(stdout) ?? [];
  if (code !== undefined) return { accepted: false, text: `grpc-status ${code} ${field("grpc-message") ?? ""}`.trim() };
  const reason = stderr.replace(/^curl: /m, "").trim() || `no grpc-status (curl exit ${status})`;
  return { accepted: false, text: http ? `${http}: ${reason}` : reason };
}

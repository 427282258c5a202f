import { type Said, type Script, sh } from "hostwright";

/** What the application answers at its metrics path, asked on its own host. */
export interface MetricsPath {
  /** 0 where nothing answers. */
  readonly code: number;
  readonly contentType: string;
  readonly hasKnown: boolean;
  readonly reason: string;
}

/** A unit that may have been restarted just now, and for how long it is waited for then. */
export interface Starting {
  readonly unit: string;
  readonly timeoutSeconds: number;
}

/** Longer than this no single question may take. */
const MOST_SECONDS = 240;

/** Script that asks for the metrics as Prometheus does, and looks for one that has to be there. What has just started is waited for. */
export function askMetricsPath(url: string, known: string, starting?: Starting): Script {
  const accept = "Accept: application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
  // What certificate it has is between the application and Prometheus: the target's state tells.
  const options = ["-q", "-sS", "-k", "-g", "-m", "10", "-H", accept, "-w", "%{http_code} %{content_type}"];
  return sh`
    body=$(mktemp)
    trap 'rm -f -- "$body" "$body.reason"' EXIT
    until=0
    ${starting ? lookUntil(starting) : sh``}
    while :; do
      rc=0
      said=$(curl ${options} -o "$body" -- ${url} 2>"$body.reason") || rc=$?
      ! grep -Eq ${`^${known}([{ ]|$)`} "$body" || break
      [ "$(date +%s)" -lt "$until" ] || break
      sleep 1
    done
    printf '%s\\n' "$said"
    cat -- "$body.reason" >&2
    if grep -Eq ${`^${known}([{ ]|$)`} "$body"; then echo known; else echo missing; fi
    exit "$rc"`;
}

function lookUntil({ unit, timeoutSeconds }: Starting): Script {
  return sh`
    since=$(TZ=UTC systemctl show --value -p ActiveEnterTimestamp -- ${unit} 2>/dev/null || :)
    patience=${Math.min(timeoutSeconds, MOST_SECONDS)}
    [ -z "$since" ] || until=$(($(date -d "$since" +%s 2>/dev/null || echo 0) + patience))`;
}

/** Reads what `askMetricsPath` printed. */
export function metricsPathOf({ stdout, stderr }: Said): MetricsPath {
  const [first = "", known = ""] = stdout.split("\n");
  const [, code = "0", contentType = ""] = /^(\d{3}) ?(.*)$/.exec(first) ?? [];
  return {
    code: Number(code),
    contentType,
    hasKnown: known === "known",
    reason: stderr.replace(/^curl: /m, "").trim(),
  };
}

/** Why Prometheus could not use this answer, if it could not. Prometheus 3 refuses what does not name its format. */
export function metricsPathProblem(
  { code, contentType, hasKnown, reason }: MetricsPath,
  known: string,
): string | undefined {
  if (code === 0) return `no answer (${reason || "nothing listens"})`;
  if (code !== 200) return `HTTP ${code}`;
  if (!/^(text\/plain|application\/openmetrics-text|application\/vnd\.google\.protobuf)\b/.test(contentType))
    return `the content type is "${contentType}": no format of Prometheus, as of a page that says something else`;
  return hasKnown ? undefined : `there is no ${known} in it`;
}

import { type Said, type Script, sh } from "hostwright";

/** What the application answers at its metrics path, asked on its own host. */
export interface MetricsPath {
  /** 0 where nothing answers. */
  readonly code: number;
  readonly contentType: string;
  readonly hasKnown: boolean;
  readonly reason: string;
}

/** Script that asks for the metrics as Prometheus does, and looks for one that has to be there. */
export function askMetricsPath(url: string, known: string): Script {
  const accept = "Accept: application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
  // What certificate it has is between the application and Prometheus: the target's state tells.
  const options = ["-q", "-sS", "-k", "-g", "-m", "10", "-H", accept, "-w", "%{http_code} %{content_type}"];
  return sh`
    body=$(mktemp)
    trap 'rm -f -- "$body"' EXIT
    rc=0
    curl ${options} -o "$body" -- ${url} || rc=$?
    echo
    if grep -Eq ${`^${known}([{ ]|$)`} "$body"; then echo known; else echo missing; fi
    exit "$rc"`;
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

/** How an application writes its entries, as RE2: what an agent finds in one is in the group of the expression's own name. */
export interface LogFormat {
  /** The first line of an entry. */
  readonly firstLine: string;
  readonly level: string;
  readonly time: string;
  readonly trace_id: string;
}

/** As loggers for the JVM, Go, Python and Node spell them. */
const LEVEL = "(?P<level>(?i:trace|debug|info|notice|warn(?:ing)?|error|severe|fatal|critical))";
/** ISO 8601, with a zone or without. */
const ISO = String.raw`20\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?(?:Z|[+-]\d\d:?\d\d))?`;
/** Seconds since 1970 with a fraction, or milli-, micro- or nanoseconds: a bare number of ten digits is too often a duration. */
const EPOCH = String.raw`1\d{9}\.\d{1,9}|1\d{12}(?:\d{3}){0,2}`;
const TIME = `(?P<time>${ISO}|${EPOCH})`;
const CLOCK = String.raw`\d\d:\d\d:\d\d[.,]\d{3}`;
/** W3C's trace ids have 32 digits, Zipkin's may have 16. */
const TRACE = "(?P<trace_id>[0-9a-f]{16}(?:[0-9a-f]{16})?)";

/** A field of an entry that begins as JSON; what stands behind the JSON, as a stack trace, is of no matter. */
const jsonField = (names: string, value: string) => String.raw`(?s)^\{.*?"(?:${names})"\s*:\s*${value}`;
/** A field of logfmt. */
const field = (names: string, value: string) => String.raw`(?:^|\s)(?:${names})="?${value}\b`;

/** By the name that the var `log_format` has. */
export const formats = {
  /** JSON on one line or several. Spring Boot's `ecs`, `gelf` and `logstash`, logback's and log4j2's encoders, pino, zap. */
  json: {
    firstLine: String.raw`^\{|^No mapping for `,
    level: jsonField(String.raw`level|log\.level|severity|_level_name`, `"${LEVEL}"`),
    time: jsonField("@timestamp|timestamp|time|ts|datetime", `"?${TIME}`),
    trace_id: jsonField(String.raw`traceI[dD]|trace_id|trace\.id|trace"\s*:\s*\{\s*"id`, `"${TRACE}"`),
  },
  /** Logback's own pattern, and Spring Boot's. */
  logback: {
    firstLine: String.raw`^(?:20\d\d-\d\d-\d\d[T ])?${CLOCK}`,
    level: String.raw`^(?:${ISO}|${CLOCK})\s+(?:\[.*?\]\s+)?${LEVEL}\b`,
    time: `^${TIME}`,
    trace_id: String.raw`(?:\[(?:[^\[\],\s]*,)?|trace_?[iI][dD]=)${TRACE}\b`,
  },
  logfmt: {
    firstLine: "^[A-Za-z_][A-Za-z0-9_.]*=",
    level: field("level|lvl|severity", LEVEL),
    time: field("time|timestamp|ts|t", TIME),
    trace_id: field("trace_?[iI][dD]|traceID", TRACE),
  },
} as const satisfies Record<string, LogFormat>;

/** Upper case, as the dashboards ask for it, and as logback calls it. Go's text/template with sprig's functions, of what `level` found. */
export const LEVEL_TEMPLATE =
  '{{ $level := ToUpper .Value }}{{ get (dict "WARNING" "WARN" "SEVERE" "ERROR") $level | default $level }}';

/** A host's clock may be ahead of the one that wrote the entry by so much. Loki refuses what is 10 minutes ahead. */
const AHEAD_SECONDS = 300;
const DAY = "2006-01-02T15:04:05";

/**
 * What `time` found, as RFC 3339 in UTC; nothing where it is no time, or one that is yet to come: that is a wrong zone or a
 * wrong clock. Without a zone it is the host's own time.
 */
export const TIME_TEMPLATE = [
  `{{- $v := Replace .Value "," "." 1 }}`,
  `{{- if regexMatch "^[0-9.]+$" $v }}`,
  `{{- $digits := Replace $v "." "" 1 }}`,
  `{{- $v = printf "%s.%s0Z" (dateInZone "${DAY}" (int64 (substr 0 10 $digits)) "UTC") (substr 10 -1 $digits) }}`,
  `{{- else }}`,
  `{{- $v = regexReplaceAll " ?([+-][0-9]{2}):?([0-9]{2})$" (printf "%sT%s" (substr 0 10 $v) (substr 11 -1 $v)) "$1:$2" }}`,
  `{{- $v = Replace $v " Z" "Z" 1 }}`,
  `{{- end }}`,
  `{{- $t := toDate (ternary "${DAY}Z07:00" "${DAY}" (regexMatch "(Z|[+-][0-9]{2}:[0-9]{2})$" $v)) $v }}`,
  `{{- $s := int64 (unixEpoch $t) }}`,
  `{{- if and (gt $s 0) (lt $s (add (int64 (unixEpoch now)) ${AHEAD_SECONDS})) }}{{ $t.UTC.Format "${DAY}.999999999Z07:00" }}{{ end }}`,
].join("");

/** Nothing of what is older than so many hours; the rest as it is. */
export function notOlderThan(hours: number): string {
  return `{{- $t := toDate "${DAY}Z07:00" .Value }}{{ if gt (int64 (unixEpoch $t)) (sub (int64 (unixEpoch now)) ${hours * 3600}) }}{{ .Value }}{{ end }}`;
}

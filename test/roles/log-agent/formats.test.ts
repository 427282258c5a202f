import { readFileSync } from "node:fs";
import { RE2JS } from "re2js";
import t from "tap";
import { formats } from "../../../roles/log-agent/formats.ts";
import { sampleOf } from "./samples/expected.ts";

const { firstLine } = formats.json;

/** What the multi-line stage makes of these lines: RE2's `^` without flags is the line's start, as in JavaScript. */
function entries(text: string, pattern: string): readonly string[] {
  const starts = new RegExp(pattern);
  const blocks: string[][] = [];
  for (const line of text.split("\n")) {
    const last = blocks.at(-1);
    if (last && !starts.test(line)) last.push(line);
    else blocks.push([line]);
  }
  return blocks.map((block) => block.join("\n"));
}

const request = `{
  "event": "http_request",
  "level": "INFO",
  "traceId": "0af7651916cd43dd8448eb211c80319c",
  "queries": [
    {
      "sql": "select m.id from mentoring m where m.id=?",
      "millis": 3
    },
    {
      "event": "nested, and not an entry",
      "millis": 1
    }
  ]
}`;
const failure = `{
  "event": "unhandled_exception",
  "level": "ERROR",
  "stackTrace": [
    "java.lang.IllegalStateException: reservation 3 is already approved",
    "\\tat fittoring.mentoring.business.model.Reservation.approve(Reservation.java:71)"
  ]
}`;
const trace = `{ "event": "plain_text_follows" }
java.lang.IllegalStateException: {not an entry}
\tat fittoring.mentoring.business.service.ReservationService.approve(ReservationService.java:48)
Caused by: java.sql.SQLException: No mapping for this either
\t... 47 common frames omitted`;
const noMapping = "No mapping for GET /favicon.ico";
const oneLine = '{"event":"http_request","level":"INFO"}';

t.test("each entry of a log of JSON and plain text stays in one piece, however it is printed", async (t) => {
  const log = [request, noMapping, failure, oneLine, trace, noMapping, request];
  t.same(entries(log.join("\n"), firstLine), log);
});

t.test("a pattern whose backslashes were doubled for a YAML string finds no JSON entry at all", async (t) => {
  const doubled = String.raw`^\\s*\\{\\s*$|^\\s*\\{\\s*"event"|^No mapping for `;
  t.same(entries([request, failure].join("\n"), doubled).length, 1);
});

t.test(
  "a pattern that takes any line with a lone brace for a beginning cuts an entry at its nested objects",
  async (t) => {
    const anyBrace = String.raw`^\s*\{\s*$|^\s*\{\s*"event"|^No mapping for `;
    t.ok(entries(request, anyBrace).length > 1);
  },
);

for (const format of ["json", "logback", "logfmt"] as const)
  t.test(`${format}: level, time and trace id are found in the text of each entry`, async (t) => {
    const { firstLine, level, time, trace_id } = formats[format];
    const found = (pattern: string, name: string, entry: string) => {
      const matcher = RE2JS.compile(pattern).matcher(entry);
      return matcher.find() ? (matcher.group(name) ?? undefined) : undefined;
    };
    const text = readFileSync(`test/roles/log-agent/samples/${format}.log`, "utf8").trimEnd();
    t.same(
      entries(text, firstLine).map((entry) => ({
        level: found(level, "level", entry)?.toUpperCase().replace("WARNING", "WARN"),
        time: found(time, "time", entry) !== undefined,
        trace: found(trace_id, "trace_id", entry),
      })),
      sampleOf(format).map(({ level, said, trace }) => ({ level, time: said, trace })),
    );
  });

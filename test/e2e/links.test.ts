import t from "tap";
import { quoteWord } from "../../engine/shell/sh.ts";
import { type Link, linksOfEntry, linksOfExemplar, linksOfSpan, type Span } from "../roles/grafana/links.ts";
import { eventually, labAddress, onHost, site, takeLab } from "../support/lab.ts";
import { noLab } from "../support/stand.ts";

// It brings the tests' lab up and converges it where that has not happened yet.
t.setTimeout(45 * 60_000);

/** A request of the real application: it asks its database, calls a second service, and writes an entry. */
const HOST = "app-prod";
const EXEMPLARS = 'http_server_requests_seconds_bucket{uri="/reservations/{id}"}';

interface Streams {
  readonly data: {
    readonly result: readonly {
      readonly stream: Readonly<Record<string, string>>;
      readonly values: readonly (readonly [time: string, line: string])[];
    }[];
  };
}

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: string | number };
}

interface Batch {
  readonly resource?: { readonly attributes?: readonly Attribute[] };
  readonly scopeSpans?: readonly {
    readonly spans?: readonly { readonly name: string; readonly attributes?: readonly Attribute[] }[];
  }[];
}

interface NamedSpan extends Span {
  readonly name: string;
}

t.test(
  "a request's trace, its entries and its exemplar are one click apart, in both directions",
  { skip: noLab },
  async (t) => {
    await takeLab(t);
    const run = await site();
    t.equal(run.code, 0, run.stderr);
    const exemplars = await eventually("an exemplar", 180, exemplarsNow, (found) => found.length > 0).catch(() => []);
    if (exemplars.length === 0) {
      t.pass("links", { skip: `${HOST} has no exemplars: its application is a stand-in, or sends no traces` });
      return;
    }

    let spans: readonly NamedSpan[] = [];
    let id = "";
    await t.test(
      "metrics → trace: a point leads to the trace of one request across two services, with its SQL",
      async (t) => {
        const whole = (found: readonly NamedSpan[]) => servicesOf(found).length > 1;
        const traces = async () => {
          for (const labels of await exemplarsNow()) {
            const [link] = linksOfExemplar(labels);
            const found = link ? await traceOf(link) : [];
            if (whole(found)) return found;
          }
          return [];
        };
        spans = await eventually("a trace of two services", 120, traces, whole);
        id = spans[0]?.traceId ?? "";
        t.comment(`${id}: ${servicesOf(spans).join(", ")}; ${spans.map(({ name }) => name).join(", ")}`);
        t.ok(
          spans.some(({ attributes }) => Object.keys(attributes).some((key) => /^(jdbc\.|db\.)/.test(key))),
          "SQL",
        );
      },
    );

    await t.test(
      "trace → logs → trace: each span leads to the request's entries, and each of those back",
      async (t) => {
        for (const span of spans) {
          const link = linksOfSpan(span).find(({ to }) => to === "loki");
          const entries = await eventually(
            `entries of ${id}`,
            60,
            () => entriesOf(link),
            (found) => found.length > 0,
          );
          for (const { labels, line } of entries) {
            const back = linksOfEntry({ labels, line });
            t.ok(back.length > 0, `${span.name}: ${labels.host} ${labels.level ?? "no level"}`);
            for (const { to, query } of back) t.same({ to, query }, { to: "tempo", query: id });
          }
        }
      },
    );

    await t.test(
      "trace → metrics → trace: each span leads to its service's metrics, which have its exemplars",
      async (t) => {
        for (const span of spans) {
          const links = linksOfSpan(span).filter(({ to }) => to === "prometheus");
          t.ok(links.length > 0, span.name);
          for (const { query } of links.filter((link) => !/STATUS_CODE_ERROR/.test(link.query)))
            await t.resolves(
              eventually(
                query,
                120,
                () => rowsOf(query),
                (rows) => rows > 0,
              ),
              query,
            );
        }
        const service = `traces_spanmetrics_latency_bucket{service="${spans[0]?.attributes["service.name"]}"}`;
        const found = await eventually(
          "the service's exemplars",
          120,
          () => exemplarsOf(service),
          (all) => all.length > 0,
        );
        const [link] = linksOfExemplar(found.at(-1) ?? {});
        t.ok(link && (await traceOf(link)).length > 0, "and the newest leads to its trace");
      },
    );
  },
);

async function exemplarsNow(): Promise<readonly Readonly<Record<string, string>>[]> {
  return await exemplarsOf(EXEMPLARS);
}

/** The labels of the last ten minutes' exemplars of a series, the newest last. */
async function exemplarsOf(query: string): Promise<readonly Readonly<Record<string, string>>[]> {
  const now = Date.now() / 1000;
  const { data } = await get<{
    readonly data: readonly {
      readonly exemplars: readonly { readonly labels: Readonly<Record<string, string>>; readonly timestamp: number }[];
    }[];
  }>("127.0.0.1:9090/api/v1/query_exemplars", { query, start: `${now - 600}`, end: `${now}` });
  return data
    .flatMap(({ exemplars }) => exemplars)
    .sort((one, other) => one.timestamp - other.timestamp)
    .map(({ labels }) => labels);
}

async function rowsOf(query: string): Promise<number> {
  const { data } = await get<{ readonly data: { readonly result: readonly unknown[] } }>(
    "127.0.0.1:9090/api/v1/query",
    { query },
  );
  return data.result.length;
}

/** The spans of the trace that a link leads to; none while Tempo does not know it. */
async function traceOf({ to, query }: Link): Promise<readonly NamedSpan[]> {
  if (to !== "tempo") throw new Error(`a link to a trace leads to ${to}`);
  const trace = await get<{ readonly batches?: readonly Batch[] }>(`127.0.0.1:3200/api/traces/${query}`).catch(
    () => undefined,
  );
  return (trace?.batches ?? []).flatMap(({ resource, scopeSpans = [] }) =>
    scopeSpans.flatMap(({ spans = [] }) =>
      spans.map(({ name, attributes = [] }) => ({
        traceId: query,
        name,
        attributes: textsOf([...(resource?.attributes ?? []), ...attributes]),
      })),
    ),
  );
}

function textsOf(attributes: readonly Attribute[]): Readonly<Record<string, string>> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, `${value.stringValue ?? value.intValue ?? ""}`]));
}

function servicesOf(spans: readonly NamedSpan[]): readonly string[] {
  return [...new Set(spans.map(({ attributes }) => attributes["service.name"] ?? ""))];
}

async function entriesOf(link: Link | undefined) {
  const { data } = await get<Streams>(`${labAddress("mon")}:8080/loki/api/v1/query_range`, {
    query: link?.query ?? "",
    limit: "50",
  });
  return data.result.flatMap(({ stream, values }) => values.map(([, line]) => ({ labels: stream, line })));
}

/** Asked from the monitoring host itself: not all of it is published. */
async function get<T>(url: string, query: Readonly<Record<string, string>> = {}): Promise<T> {
  const words = Object.entries(query).map(([name, value]) => `--data-urlencode ${quoteWord(`${name}=${value}`)}`);
  return JSON.parse(await onHost("mon", `curl -sSfG ${words.join(" ")} ${url}`)) as T;
}

import { monitoringPlan } from "../plans.ts";
import { dataOf } from "../site.ts";

/** A log entry as Loki has it: its labels, structured metadata among them. */
export interface Entry {
  readonly line: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** A span with all that Grafana looks for in it: its own attributes, and those of its resource. */
export interface Span {
  readonly traceId: string;
  readonly attributes: Readonly<Record<string, string>>;
}

interface DerivedField {
  readonly name: string;
  readonly matcherType: "label" | "regex";
  readonly matcherRegex: string;
  readonly url: string;
  readonly datasourceUid: string;
}

interface DataSource {
  readonly uid: string;
  readonly jsonData: {
    readonly derivedFields?: readonly DerivedField[];
    readonly exemplarTraceIdDestinations?: readonly { readonly name: string; readonly datasourceUid: string }[];
    readonly tracesToLogsV2?: { readonly datasourceUid: string; readonly query: string };
    readonly tracesToMetrics?: {
      readonly datasourceUid: string;
      readonly tags: readonly { readonly key: string; readonly value: string }[];
      readonly queries: readonly { readonly name: string; readonly query: string }[];
    };
  };
}

/** Where a link leads: which data source is asked, and what. */
export interface Link {
  readonly to: string;
  readonly query: string;
}

/** As the role provisions them. */
const { datasources } = dataOf(
  monitoringPlan().resources,
  "/opt/monitoring/grafana/provisioning/datasources/datasources.yml",
) as unknown as { readonly datasources: readonly DataSource[] };

/** The links that Grafana shows at a log entry. */
export function linksOfEntry({ line, labels }: Entry): readonly Link[] {
  return (settings("loki").derivedFields ?? []).flatMap(({ matcherType, matcherRegex, url, datasourceUid }) => {
    const found = matcherType === "label" ? labels[matcherRegex] : new RegExp(matcherRegex).exec(line)?.[1];
    return found === undefined ? [] : [{ to: datasourceUid, query: filled(url, { "__value.raw": found }) }];
  });
}

/** The links that it shows at a point of a graph. */
export function linksOfExemplar(labels: Readonly<Record<string, string>>): readonly Link[] {
  return (settings("prometheus").exemplarTraceIdDestinations ?? []).flatMap(({ name, datasourceUid }) => {
    const found = labels[name];
    return found === undefined ? [] : [{ to: datasourceUid, query: found }];
  });
}

/** The links that it shows at a span, to logs and to metrics. */
export function linksOfSpan({ traceId, attributes }: Span): readonly Link[] {
  const { tracesToLogsV2: logs, tracesToMetrics: metrics } = settings("tempo");
  const tags = (metrics?.tags ?? []).flatMap(({ key, value }) =>
    attributes[key] === undefined ? [] : [`${value}="${attributes[key]}"`],
  );
  return [
    ...(logs ? [{ to: logs.datasourceUid, query: filled(logs.query, { "__trace.traceId": traceId }) }] : []),
    ...(metrics?.queries ?? []).map(({ query }) => ({
      to: metrics?.datasourceUid ?? "",
      query: plain(query).replaceAll("$__tags", tags.join(", ")),
    })),
  ];
}

function settings(uid: string): DataSource["jsonData"] {
  const found = datasources.find((source) => source.uid === uid);
  if (!found) throw new Error(`no data source ${uid}`);
  return found.jsonData;
}

/** As Grafana reads a provisioned file: "$$" is "$". */
function plain(text: string): string {
  return text.replaceAll("$$", "$");
}

function filled(text: string, values: Readonly<Record<string, string>>): string {
  return plain(text).replace(/\$\{([\w.]+)\}/g, (_, name) => {
    const value = values[name];
    if (value === undefined) throw new Error(`${text}: what is ${name}?`);
    return value;
  });
}

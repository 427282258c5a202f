import type { Builder, Dataquery } from "@grafana/grafana-foundation-sdk/cog";
import { ReduceDataOptionsBuilder, VizLegendOptionsBuilder } from "@grafana/grafana-foundation-sdk/common";
import { type Panel, ThresholdsConfigBuilder, ThresholdsMode } from "@grafana/grafana-foundation-sdk/dashboard";
import { PanelBuilder as LogsPanel } from "@grafana/grafana-foundation-sdk/logs";
import { DataqueryBuilder as LogQuery } from "@grafana/grafana-foundation-sdk/loki";
import { PanelBuilder as NodeGraphPanel } from "@grafana/grafana-foundation-sdk/nodegraph";
import { DataqueryBuilder as MetricQuery } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as StatPanel } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as TablePanel } from "@grafana/grafana-foundation-sdk/table";
import { SearchTableType, DataqueryBuilder as TraceQuery } from "@grafana/grafana-foundation-sdk/tempo";
import { PanelBuilder as GraphPanel } from "@grafana/grafana-foundation-sdk/timeseries";
import { dataSources } from "./data-sources.ts";

interface Common {
  readonly title: string;
  /** What it shows and when it worries; people read it at the panel's "i" and in docs/dashboards.md. */
  readonly about: string;
  /** What it needs to show anything while the application is used; nothing special unless given. */
  readonly emptyUnless?: string;
  /** Columns out of 24; a third unless given. */
  readonly width?: number;
}

interface Metrics extends Common {
  /** Grafana's name of the unit. */
  readonly unit: string;
  /** PromQL by legend. */
  readonly queries: Readonly<Record<string, string>>;
}

interface GraphOptions extends Metrics {
  /** Points that lead to the trace of one request. */
  readonly exemplars?: boolean;
}

interface StatOptions extends Metrics {
  /** Values from which it is orange and red. */
  readonly steps?: readonly [orange: number, red: number];
}

interface LogOptions extends Common {
  /** LogQL. */
  readonly query: string;
}

/** Metrics over time. */
export function graph({ queries, unit, exemplars = false, ...common }: GraphOptions): Builder<Panel> {
  const targets = Object.entries(queries).map(([legend, expr], index) =>
    metricQuery(expr, index).range().legendFormat(legend).exemplar(exemplars),
  );
  return placed(new GraphPanel().targets(targets).unit(unit).min(0), common, dataSources.prometheus)
    .fillOpacity(10)
    .legend(new VizLegendOptionsBuilder().showLegend(true));
}

/** Numbers as they are now. */
export function stat({ queries, unit, steps, ...common }: StatOptions): Builder<Panel> {
  const targets = Object.entries(queries).map(([legend, expr], index) =>
    metricQuery(expr, index).instant().legendFormat(legend),
  );
  const panel = placed(new StatPanel().targets(targets).unit(unit), common, dataSources.prometheus)
    .height(4)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"]));
  return steps ? panel.thresholds(thresholds(steps)) : panel;
}

/** Log lines over time, counted by a metric query of LogQL. */
export function logGraph({ query, legend, ...common }: LogOptions & { readonly legend: string }): Builder<Panel> {
  const target = logQuery(query).range(true).legendFormat(legend);
  return placed(new GraphPanel().targets([target]).unit("short").min(0), common, dataSources.loki)
    .fillOpacity(30)
    .legend(new VizLegendOptionsBuilder().showLegend(true));
}

/** Levels of entries that somebody has to look at, as a matcher of LogQL. */
export const isError = 'level=~"ERROR|FATAL|CRITICAL"';

/** Log lines as they were written. */
export function logs({ query, ...common }: LogOptions): Builder<Panel> {
  return placed(new LogsPanel().targets([logQuery(query).range(true).maxLines(500)]), common, dataSources.loki)
    .height(14)
    .showTime(true)
    .wrapLogMessage(true)
    .prettifyLogMessage(false)
    .enableLogDetails(true);
}

/** Traces that a TraceQL query finds. */
export function traces({ query, ...common }: LogOptions): Builder<Panel> {
  const target = traceQuery("traceql").query(query).limit(20).tableType(SearchTableType.Traces);
  return placed(new TablePanel().targets([target]), common, dataSources.tempo).height(10);
}

/** Services and who calls whom, from the metrics that Tempo makes of spans; `query` selects them. */
export function serviceGraph({ query, ...common }: LogOptions): Builder<Panel> {
  const target = traceQuery("serviceMap").serviceMapQuery(query);
  return placed(new NodeGraphPanel().targets([target]), common, dataSources.tempo).height(14);
}

interface Placeable {
  title(title: string): this;
  description(description: string): this;
  span(width: number): this;
  height(height: number): this;
  datasource(source: (typeof dataSources)[keyof typeof dataSources]): this;
}

const EMPTY_UNLESS = " Empty unless ";

/** What a panel needs to show anything, as its description says it; undefined for nothing special. */
export function emptyUnlessOf({ description = "" }: Pick<Panel, "description">): string | undefined {
  const [, needs] = description.split(EMPTY_UNLESS);
  return needs?.replace(/\.$/, "");
}

function placed<P extends Placeable>(panel: P, { title, about, emptyUnless, width = 8 }: Common, source: Source): P {
  const needs = emptyUnless === undefined ? "" : `${EMPTY_UNLESS}${emptyUnless}.`;
  return panel.title(title).description(`${about}${needs}`).span(width).height(8).datasource(source);
}

type Source = (typeof dataSources)[keyof typeof dataSources];

function metricQuery(expr: string, index: number): MetricQuery {
  return new MetricQuery().refId(refId(index)).expr(expr).datasource(dataSources.prometheus);
}

function logQuery(expr: string): LogQuery {
  return new LogQuery().refId("A").expr(expr).datasource(dataSources.loki);
}

function traceQuery(type: string): TraceQuery & Builder<Dataquery> {
  return new TraceQuery().refId("A").queryType(type).datasource(dataSources.tempo);
}

function refId(index: number): string {
  return String.fromCharCode("A".charCodeAt(0) + index);
}

function thresholds([orange, red]: readonly [number, number]): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([
    { value: null, color: "green" },
    { value: orange, color: "orange" },
    { value: red, color: "red" },
  ]);
}

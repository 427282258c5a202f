import type { DataSource, GridPosition, Panel, PanelContent, Target } from "../dashboard.ts";
import { dataSources } from "./data-sources.ts";

/** A panel before it has a place. */
export interface Unplaced extends PanelContent {
  readonly size: Pick<GridPosition, "w" | "h">;
}

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
export function graph({ queries, unit, exemplars = false, ...common }: GraphOptions): Unplaced {
  const targets = metricTargets(queries, { range: true, instant: false, exemplar: exemplars });
  return timeSeries(common, { source: dataSources.prometheus, targets, unit, fillOpacity: 10 });
}

/** Numbers as they are now. */
export function stat({ queries, ...options }: StatOptions): Unplaced {
  const targets = metricTargets(queries, { range: false, instant: true });
  return numbers(options, { source: dataSources.prometheus, targets });
}

/** A number that a metric query of LogQL makes of the log entries of the chosen time. */
export function logStat({ query, ...options }: LogOptions & Omit<StatOptions, "queries">): Unplaced {
  const targets = [{ ...logTarget(query), queryType: "instant" }];
  return numbers(options, { source: dataSources.loki, targets });
}

function numbers({ unit, steps, ...common }: Omit<StatOptions, "queries">, shown: Shown): Unplaced {
  return {
    ...panel("stat", common, { ...shown, height: 4 }),
    fieldConfig: { defaults: { unit, ...(steps && { thresholds: thresholds(steps) }) }, overrides: [] },
    options: {
      graphMode: "area",
      colorMode: "value",
      justifyMode: "auto",
      textMode: "auto",
      wideLayout: true,
      showPercentChange: false,
      reduceOptions: { calcs: ["lastNotNull"] },
      percentChangeColorMode: "standard",
      orientation: "auto",
    },
  };
}

interface LogGraphOptions extends LogOptions {
  readonly legend: string;
  /** "short", a plain number, unless given. */
  readonly unit?: string;
}

/** What a metric query of LogQL makes of log lines over time. */
export function logGraph({ query, legend, unit = "short", ...common }: LogGraphOptions): Unplaced {
  const targets = [{ ...logTarget(query), range: true, legendFormat: legend }];
  return timeSeries(common, { source: dataSources.loki, targets, unit, fillOpacity: 30 });
}

/** Levels of entries that somebody has to look at, as a matcher of LogQL. */
export const isError = 'level=~"ERROR|FATAL|CRITICAL"';

/** Log lines as they were written. */
export function logs({ query, ...common }: LogOptions): Unplaced {
  const targets = [{ ...logTarget(query), range: true, maxLines: 500 }];
  return {
    ...panel("logs", common, { source: dataSources.loki, targets, height: 14 }),
    options: {
      showLabels: false,
      showCommonLabels: false,
      showTime: true,
      showLogContextToggle: false,
      wrapLogMessage: true,
      prettifyLogMessage: false,
      enableLogDetails: true,
      sortOrder: "Descending",
      dedupStrategy: "none",
    },
  };
}

/** Traces that a TraceQL query finds. */
export function traces({ query, ...common }: LogOptions): Unplaced {
  const targets = [{ ...traceTarget("traceql"), query, limit: 20, tableType: "traces" }];
  return {
    ...panel("table", common, { source: dataSources.tempo, targets, height: 10 }),
    fieldConfig: { defaults: { custom: { align: "auto", inspect: false } }, overrides: [] },
    options: {
      frameIndex: 0,
      showHeader: true,
      showTypeIcons: false,
      footer: { show: false, reducer: [], countRows: false },
      cellHeight: "sm",
    },
  };
}

/** Services and who calls whom, from the metrics that Tempo makes of spans; `query` selects them. */
export function serviceGraph({ query, ...common }: LogOptions): Unplaced {
  const targets = [{ ...traceTarget("serviceMap"), serviceMapQuery: query }];
  return { ...panel("nodeGraph", common, { source: dataSources.tempo, targets, height: 14 }), options: {} };
}

const EMPTY_UNLESS = " Empty unless ";

/** What a panel needs to show anything, as its description says it; undefined for nothing special. */
export function emptyUnlessOf({ description = "" }: Pick<Panel, "description">): string | undefined {
  const [, needs] = description.split(EMPTY_UNLESS);
  return needs?.replace(/\.$/, "");
}

interface Shown {
  readonly source: DataSource;
  readonly targets: readonly Target[];
  readonly height?: number;
}

function panel(
  type: string,
  { title, about, emptyUnless, width = 8 }: Common,
  { source, targets, height = 8 }: Shown,
): Unplaced {
  const needs = emptyUnless === undefined ? "" : `${EMPTY_UNLESS}${emptyUnless}.`;
  const size = { w: width, h: height };
  return { type, title, description: `${about}${needs}`, datasource: source, targets, size };
}

function timeSeries(
  common: Common,
  { unit, fillOpacity, ...shown }: Shown & { readonly unit: string; readonly fillOpacity: number },
): Unplaced {
  return {
    ...panel("timeseries", common, shown),
    fieldConfig: { defaults: { custom: { fillOpacity }, unit, min: 0 }, overrides: [] },
    options: {
      legend: { displayMode: "list", placement: "bottom", showLegend: true, calcs: [] },
      tooltip: { mode: "single", sort: "asc" },
    },
  };
}

function metricTargets(queries: Metrics["queries"], settings: Readonly<Record<string, boolean>>): readonly Target[] {
  return Object.entries(queries).map(([legendFormat, expr], index) => {
    const refId = String.fromCharCode("A".charCodeAt(0) + index);
    return { refId, datasource: dataSources.prometheus, expr, legendFormat, ...settings };
  });
}

function logTarget(expr: string): Target {
  return { refId: "A", datasource: dataSources.loki, expr };
}

function traceTarget(queryType: string): Target {
  return { refId: "A", datasource: dataSources.tempo, queryType, filters: [] };
}

function thresholds([orange, red]: readonly [number, number]): unknown {
  const steps = [
    { value: null, color: "green" },
    { value: orange, color: "orange" },
    { value: red, color: "red" },
  ];
  return { mode: "absolute", steps };
}

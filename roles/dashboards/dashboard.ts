import type { Dashboard, Panel, Variable } from "../dashboard.ts";
import { RUNS } from "../runs/labels.ts";
import { dataSources } from "./data-sources.ts";
import type { Unplaced } from "./panels.ts";

export interface DashboardOptions {
  /** What follows "hostwright-" in its uid, and the name of its file. */
  readonly name: string;
  readonly title: string;
  readonly about: string;
  readonly variables: readonly Variable[];
  /** How far back it looks at first; three hours unless given. */
  readonly from?: string;
  /** Panels by the heading of their row. */
  readonly rows: Readonly<Record<string, readonly Unplaced[]>>;
}

/** The link that all dashboards have to the others is by this tag. */
const TAG = "hostwright";

const COLUMNS = 24;

/** A dashboard of Grafana's classic schema, every panel with an id of its own. */
export function dashboard({ name, title, about, variables, from = "now-3h", rows }: DashboardOptions): Dashboard {
  return {
    uid: `hostwright-${name}`,
    title,
    description: about,
    tags: [TAG],
    schemaVersion: 42,
    editable: false,
    time: { from, to: "now" },
    timezone: "browser",
    refresh: "1m",
    // A crosshair at the same moment in all panels.
    graphTooltip: 1,
    links: [OTHERS],
    templating: { list: variables },
    annotations: { list: [MARKS] },
    panels: placed(rows),
  };
}

/** The panels of each row from left to right and then below, behind its heading. */
function placed(rows: DashboardOptions["rows"]): readonly Panel[] {
  const panels: Panel[] = [];
  let y = 0;
  for (const [title, unplaced] of Object.entries(rows)) {
    const gridPos = { x: 0, y, w: COLUMNS, h: 1 };
    panels.push({ id: panels.length + 1, type: "row", title, collapsed: false, panels: [], gridPos });
    y += 1;
    let [x, height] = [0, 0];
    for (const { size, ...panel } of unplaced) {
      panels.push({ ...panel, id: panels.length + 1, gridPos: { x, y, ...size } });
      x += size.w;
      height = Math.max(height, size.h);
      if (x < COLUMNS) continue;
      y += height;
      [x, height] = [0, 0];
    }
    y += height;
  }
  return panels;
}

/** Which environments; `all` is the expression for all of them. LogQL wants one that does not match the empty text. */
export function environmentVariable(all: ".*" | ".+" = ".*"): Variable {
  return labelValues("environment", "Environment", "up", all);
}

/** Which hosts of these environments, out of those that have this metric. */
export function hostVariable(metric: string, all: ".*" | ".+" = ".*"): Variable {
  return labelValues("host", "Host", `${metric}{environment=~"$environment"}`, all);
}

/** A field to type into. */
export function textVariable(name: string, label: string): Variable {
  return { type: "textbox", name, label, query: "" };
}

function labelValues(name: string, label: string, selector: string, allValue: string): Variable {
  const query = `label_values(${selector}, ${name})`;
  return {
    type: "query",
    name,
    label,
    datasource: dataSources.prometheus,
    query: { qryType: 1, query, refId: "PrometheusVariableQueryEditor-VariableQuery" },
    definition: query,
    // Whenever the time range changes.
    refresh: 2,
    // By alphabet.
    sort: 1,
    multi: true,
    includeAll: true,
    allValue,
    current: { selected: true, text: "All", value: "$__all" },
  };
}

/** Runs that changed something or failed, as Grafana's data source Loki makes annotations of entries: the text is the entry's. */
const MARKS = {
  name: "Runs",
  datasource: dataSources.loki,
  enable: true,
  hide: false,
  iconColor: "purple",
  expr: `{${RUNS}, outcome!="in_sync"}`,
  instant: false,
};

const OTHERS = {
  title: "Dashboards",
  type: "dashboards",
  tags: [TAG],
  asDropdown: true,
  includeVars: true,
  keepTime: true,
};

import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  type Panel,
  QueryVariableBuilder,
  RowBuilder,
  TextBoxVariableBuilder,
  type VariableModel,
  VariableRefresh,
  VariableSort,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { dataSources } from "./data-sources.ts";

export interface DashboardOptions {
  /** What follows "hostwright-" in its uid, and the name of its file. */
  readonly name: string;
  readonly title: string;
  readonly about: string;
  readonly variables: readonly Builder<VariableModel>[];
  /** Panels by the heading of their row. */
  readonly rows: Readonly<Record<string, readonly Builder<Panel>[]>>;
}

/** The link that all dashboards have to the others is by this tag. */
const TAG = "hostwright";

/** A dashboard of Grafana's classic schema, every panel with an id of its own. */
export function dashboard({ name, title, about, variables, rows }: DashboardOptions): Dashboard {
  const builder = new DashboardBuilder(title)
    .uid(`hostwright-${name}`)
    .description(about)
    .tags([TAG])
    .readonly()
    .time({ from: "now-3h", to: "now" })
    .refresh("1m")
    .tooltip(DashboardCursorSync.Crosshair)
    .link(others())
    .variables([...variables]);
  for (const [heading, panels] of Object.entries(rows)) {
    builder.withRow(new RowBuilder(heading));
    for (const panel of panels) builder.withPanel(panel);
  }
  const built = builder.build();
  return { ...built, panels: (built.panels ?? []).map((panel, index) => ({ ...panel, id: index + 1 })) };
}

/** Which environments; `all` is the expression for all of them. LogQL wants one that does not match the empty text. */
export function environmentVariable(all: ".*" | ".+" = ".*"): Builder<VariableModel> {
  return labelValues("environment", "up", all).label("Environment");
}

/** Which hosts of these environments, out of those that have this metric. */
export function hostVariable(metric: string, all: ".*" | ".+" = ".*"): Builder<VariableModel> {
  return labelValues("host", `${metric}{environment=~"$environment"}`, all).label("Host");
}

/** A field to type into. */
export function textVariable(name: string, label: string): Builder<VariableModel> {
  return new TextBoxVariableBuilder(name).label(label).defaultValue("");
}

function labelValues(label: string, selector: string, all: string): QueryVariableBuilder {
  const query = `label_values(${selector}, ${label})`;
  return new QueryVariableBuilder(label)
    .datasource(dataSources.prometheus)
    .query({ qryType: 1, query, refId: "PrometheusVariableQueryEditor-VariableQuery" })
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue(all)
    .current({ selected: true, text: "All", value: "$__all" });
}

function others(): DashboardLinkBuilder {
  return new DashboardLinkBuilder("Dashboards")
    .type(DashboardLinkType.Dashboards)
    .tags([TAG])
    .asDropdown(true)
    .includeVars(true)
    .keepTime(true);
}

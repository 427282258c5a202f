import { parser as logql } from "@grafana/lezer-logql";
import { parser as traceql } from "@grafana/lezer-traceql";
import type { SyntaxNode, Tree } from "@lezer/common";
import { parser as promql } from "@prometheus-io/lezer-promql";
import type { Target } from "../../../roles/dashboard.ts";
import { services } from "../../../roles/services.ts";

export interface Query {
  readonly where: string;
  readonly source: "prometheus" | "loki" | "tempo";
  /** As the store gets it: Grafana's variables have values. */
  readonly text: string;
}

interface Selector {
  readonly metric: string;
  readonly labels: readonly string[];
}

const parsers = { prometheus: promql, loki: logql, tempo: traceql };

/** Every query of dashboards and alert rules. */
export const queries: readonly Query[] = [
  ...services
    .flatMap((service) => service.dashboards)
    .flatMap(({ title, panels }) =>
      panels.flatMap((panel) => (panel.targets ?? []).map((target) => queryOf(`${title}: ${panel.title}`, target))),
    ),
  ...services
    .flatMap(({ alerts }) => alerts)
    .map(({ title, source, expr }) => ({ where: `alert ${title}`, source, text: expr })),
];

/** The parts that are no sentence of the query's language. */
export function errorsOf({ source, text }: Query): readonly string[] {
  return nodesOf(parsers[source].parse(text))
    .filter(({ type }) => type.isError)
    .map(({ from, to }) => `${text.slice(0, from)}⚠${text.slice(from, to)}⚠${text.slice(to)}`);
}

/** Which metrics a PromQL query reads, with the labels that it selects them by. */
export function selectorsOf({ text }: Query): readonly Selector[] {
  return nodesOf(promql.parse(text))
    .filter(({ name }) => name === "VectorSelector")
    .map((node) => ({
      metric: textOf(node.getChild("Identifier"), text),
      labels: nodesOf(node)
        .filter(({ name }) => name === "LabelName")
        .map((label) => textOf(label, text)),
    }));
}

/** The labels that a PromQL query groups by. */
export function groupingsOf({ text }: Query): readonly string[] {
  return nodesOf(promql.parse(text))
    .filter(({ name }) => name === "GroupingLabels")
    .flatMap((node) => node.getChildren("LabelName").map((label) => textOf(label, text)));
}

/** The labels of a LogQL query, wherever they stand. */
export function logLabelsOf({ text }: Query): readonly string[] {
  return nodesOf(logql.parse(text))
    .filter(({ name, parent }) => name === "Identifier" && /^(Matcher|Labels|Grouping)$/.test(parent?.name ?? ""))
    .map((node) => textOf(node, text));
}

function queryOf(where: string, { datasource, expr, query, serviceMapQuery }: Target): Query {
  // The service map's selector is one of Prometheus' series.
  const source = serviceMapQuery === undefined ? (datasource.uid as Query["source"]) : "prometheus";
  const text = expr ?? query ?? `traces_service_graph_request_total${serviceMapQuery}`;
  return { where, source, text: withValues(text) };
}

function withValues(text: string): string {
  const values: Readonly<Record<string, string>> = {
    __rate_interval: "1m",
    __range: "3h",
    __range_s: "10800",
    __auto: "1m",
    environment: "dev|prod",
    host: "app-dev|app-prod",
    search: "reservation",
  };
  return text.replace(/\$(\w+)/g, (_, name) => {
    const value = values[name];
    if (value === undefined) throw new Error(`${text}: what is $${name}?`);
    return value;
  });
}

function nodesOf(tree: Tree | SyntaxNode): readonly SyntaxNode[] {
  const nodes: SyntaxNode[] = [];
  const visit = (node: SyntaxNode): void => {
    nodes.push(node);
    for (let child = node.firstChild; child; child = child.nextSibling) visit(child);
  };
  visit("topNode" in tree ? tree.topNode : tree);
  return nodes;
}

function textOf(node: SyntaxNode | null, text: string): string {
  return node ? text.slice(node.from, node.to) : "";
}

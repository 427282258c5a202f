/** Of Grafana's classic dashboard schema, version 42 (Grafana 12), what is used here. */
export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
  readonly [setting: string]: unknown;
}

/** A panel, or the heading of a row (`type` is "row"). */
export interface Panel extends PanelContent {
  readonly id: number;
  readonly gridPos: GridPosition;
}

/** What a panel shows, wherever it is. */
export interface PanelContent {
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: DataSource;
  readonly targets?: readonly Target[];
  readonly options?: Readonly<Record<string, unknown>>;
  readonly [setting: string]: unknown;
}

/** In columns, of which a dashboard has 24, and in rows. */
export interface GridPosition {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** A data source as panels and queries name it. */
export interface DataSource {
  readonly type: string;
  readonly uid: string;
}

/** A query of a panel: `expr` of PromQL and LogQL, `query` or `serviceMapQuery` of TraceQL. */
export interface Target {
  readonly refId: string;
  readonly datasource: DataSource;
  readonly expr?: string;
  readonly query?: string;
  readonly serviceMapQuery?: string;
  readonly [setting: string]: unknown;
}

/** What who looks may choose. */
export interface Variable {
  readonly type: string;
  readonly name: string;
  readonly label: string;
  readonly [setting: string]: unknown;
}

import type { DataSource } from "../dashboard.ts";

/** The data sources that the role provisions, by kind; their uids are fixed. */
export const dataSources = {
  prometheus: { type: "prometheus", uid: "prometheus" },
  loki: { type: "loki", uid: "loki" },
  tempo: { type: "tempo", uid: "tempo" },
} as const satisfies Record<string, DataSource>;

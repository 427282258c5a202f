/** Grafana's user in its image. */
export const GRAFANA_UID = "472";

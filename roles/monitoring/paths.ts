/** The folder of the Compose project on the monitoring host. */
export const root = "/opt/monitoring";

/** Grafana's user in its image. */
export const GRAFANA_UID = "472";

/** The address at which the host itself reaches what is published on this one. */
export function reachableAt(publishAddress: string): string {
  return publishAddress === "0.0.0.0" ? "127.0.0.1" : publishAddress;
}

/** Where Docker keeps images and volumes: the disk that data is budgeted by. */
export const DOCKER_DATA = "/var/lib/docker";

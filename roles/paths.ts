/** The folder of the Compose project on the monitoring host. */
export const root = "/opt/monitoring";

/** Where Docker keeps images and volumes: the disk that data is budgeted by. */
export const DOCKER_DATA = "/var/lib/docker";

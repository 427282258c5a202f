/** The folder of the Compose project on the monitoring host. */
export const root = "/opt/monitoring";

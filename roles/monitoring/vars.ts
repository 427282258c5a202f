import { integer, optional, type Schema } from "hostwright";
import { address } from "../hosts.ts";
import { backupVars } from "./backup-vars.ts";
import { dockerVars } from "./docker.ts";
import { containers } from "./services.ts";

/** What data may take on the monitoring host. */
export const diskVars = {
  data_disk_gb: optional(
    integer("Disk for metrics, logs and traces together. Unset: three quarters of the whole disk without 8 GB", {
      minimum: 1,
      // More is a slip of the finger, or another unit.
      maximum: 1_000_000,
    }),
  ),
};

/** Vars of role monitoring: its own, and those of its services. */
export const monitoringVars: Schema = Object.assign(
  { address },
  ...containers.map(({ vars }) => vars),
  diskVars,
  dockerVars,
  backupVars,
);

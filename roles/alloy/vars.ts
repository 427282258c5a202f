import { integer, port, string } from "hostwright";
import { logAgentVars } from "../log-agent/vars.ts";
import { releasePins } from "../versions.ts";

export const alloyVars = {
  ...logAgentVars,
  alloy_version: string("Alloy's version; its `validate` command, which the role uses, came with 1.9", {
    pattern: "^(1[.](9|[1-9][0-9])[.][0-9]+|[2-9][.][0-9]+[.][0-9]+)$",
    default: releasePins.alloy.version,
  }),
  alloy_port: port("Alloy's own port, on 127.0.0.1 only", { default: 12345 }),
  alloy_memory_mb: integer("Memory limit of Alloy in MB", { minimum: 128, maximum: 65_536, default: 256 }),
};

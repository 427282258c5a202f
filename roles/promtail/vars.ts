import { integer, port, string } from "hostwright";
import { logAgentVars } from "../log-agent/vars.ts";
import { releasePins } from "../versions.ts";

export const promtailVars = {
  ...logAgentVars,
  promtail_version: string(
    "Promtail's version; 3.6.11 is the last that was released, 2.9 the first with structured metadata",
    {
      pattern: "^(2[.]9[.][0-9]+|3[.][0-5][.][0-9]+|3[.]6[.]([0-9]|1[01]))$",
      default: releasePins.promtail.version,
    },
  ),
  promtail_port: port("Promtail's own port, on 127.0.0.1 only", { default: 9080 }),
  promtail_memory_mb: integer("Memory limit of Promtail in MB", { minimum: 64, maximum: 65_536, default: 160 }),
};

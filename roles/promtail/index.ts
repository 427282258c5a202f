import { type Script, sh } from "hostwright";
import { goMemoryLimit } from "../container.ts";
import { toPromtail } from "../log-agent/handover.ts";
import { defineAgent } from "../log-agent/index.ts";
import { binary } from "../programs.ts";
import { template } from "../templates.ts";
import { releasePins } from "../versions.ts";
import { promtailVars } from "./vars.ts";

const NAME = "promtail";
const configPath = "/etc/promtail/config.yaml";

/** Ships the application's logs. Its archives exist up to 3.6.11, and are unsigned. */
export const promtail = defineAgent({
  name: NAME,
  vars: promtailVars,
  pin: releasePins.promtail,
  version: ({ promtail_version }) => promtail_version,
  port: ({ promtail_port }) => promtail_port,
  memoryMb: ({ promtail_memory_mb }) => promtail_memory_mb,
  readyPath: "/ready",
  configPath,
  state: "/var/lib/promtail",
  positions: "/var/lib/promtail/positions.yaml",
  config: ({ promtail_port: port }, common) => template("promtail/promtail.yaml.hbs", { ...common, port }),
  validate: (staged: Script) => sh`${binary({ name: NAME })} -config.file=${staged} -check-syntax >&2`,
  unit: ({ promtail_memory_mb }, { program, again, application }) =>
    template("promtail/promtail.service.hbs", {
      program: binary(program),
      again,
      application,
      version: program.version,
      config: `-config.file=${configPath}`,
      memoryMax: `${promtail_memory_mb}M`,
      goMemoryLimit: `GOMEMLIMIT=${goMemoryLimit(promtail_memory_mb, 0.7)}`,
    }),
  handover: toPromtail,
});

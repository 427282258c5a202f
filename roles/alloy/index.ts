import { type Script, sh } from "hostwright";
import { goMemoryLimit } from "../container.ts";
import { LEGACY_POSITIONS, STORAGE, toAlloy } from "../log-agent/handover.ts";
import { defineAgent } from "../log-agent/index.ts";
import { binary } from "../programs.ts";
import { template } from "../templates.ts";
import { releasePins } from "../versions.ts";
import { alloyVars } from "./vars.ts";

const NAME = "alloy";
const configPath = "/etc/alloy/config.alloy";

/** Ships the application's logs; Promtail's successor. */
export const alloy = defineAgent({
  name: NAME,
  vars: alloyVars,
  pin: releasePins.alloy,
  version: ({ alloy_version }) => alloy_version,
  port: ({ alloy_port }) => alloy_port,
  memoryMb: ({ alloy_memory_mb }) => alloy_memory_mb,
  readyPath: "/-/ready",
  configPath,
  state: "/var/lib/alloy",
  positions: `${STORAGE}/loki.source.file.application/positions.yml`,
  legacyPositions: LEGACY_POSITIONS,
  config: (_vars, common) => template("alloy/config.alloy.hbs", { ...common, legacyPositions: LEGACY_POSITIONS }),
  validate: (staged: Script) => sh`${binary({ name: NAME })} validate ${staged} >&2`,
  unit: ({ alloy_port, alloy_memory_mb }, { program, again, application }) =>
    template("alloy/alloy.service.hbs", {
      version: program.version,
      program: binary(program),
      again,
      application,
      storage: `--storage.path=${STORAGE}`,
      listen: `--server.http.listen-addr=127.0.0.1:${alloy_port}`,
      config: configPath,
      memoryMax: `${alloy_memory_mb}M`,
      goMemoryLimit: `GOMEMLIMIT=${goMemoryLimit(alloy_memory_mb, 0.7)}`,
    }),
  handover: toAlloy,
});

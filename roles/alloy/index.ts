import { type Facts, http, type Resource, type Script, type Site, sh, type Text, type VarsOf } from "hostwright";
import { goMemoryLimit } from "../container.ts";
import { LEGACY_POSITIONS, STORAGE, toAlloy } from "../log-agent/handover.ts";
import { agentListens, agentReaches, agentResources, agentValues } from "../log-agent/index.ts";
import { logProof } from "../log-agent/proof.ts";
import { binary, type Program, releaseResource } from "../programs.ts";
import { defineHostService } from "../service.ts";
import { template } from "../templates.ts";
import { releasePins } from "../versions.ts";
import { alloyVars } from "./vars.ts";

type Vars = VarsOf<typeof alloyVars>;

const NAME = "alloy";
const configPath = "/etc/alloy/config.alloy";

/** Ships the application's logs; Promtail's successor. */
export const alloy = defineHostService({
  name: NAME,
  vars: alloyVars,
  isOn: ({ log_agent }) => log_agent === NAME,
  sends: true,
  program,
  listens: ({ alloy_port }) => agentListens(NAME, alloy_port),
  reaches: (_vars, site) => agentReaches(site),
  memoryMb: ({ alloy_memory_mb }) => alloy_memory_mb,
  resources,
  proofs: (site, occasion) => [logProof(site, occasion)],
  // It says nothing of what it can read: that was proven before it was started.
  gates: ({ alloy_port }) => [http({ url: `http://127.0.0.1:${alloy_port}/-/ready` }, { tags: [NAME] })],
});

function program({ alloy_version: version }: Vars): Program {
  return {
    name: NAME,
    pin: releasePins.alloy,
    version,
    checksums: "SHA256SUMS",
    archive: (architecture) => `alloy-linux-${architecture}.zip`,
    inside: (architecture) => `alloy-linux-${architecture}`,
  };
}

function resources(vars: Vars, site: Site, facts: Facts): readonly Resource[] {
  const own = program(vars);
  const values = { ...agentValues(vars, site), legacyPositions: LEGACY_POSITIONS };
  return agentResources(
    {
      name: NAME,
      program: own,
      release: releaseResource(own, facts, site),
      config: {
        path: configPath,
        content: template("alloy/config.alloy.hbs", values),
        validate: (staged: Script) => sh`${binary(own)} validate ${staged} >&2`,
      },
      unit: unitFile(vars, own),
      handover: toAlloy(),
    },
    vars,
    site,
  );
}

function unitFile({ alloy_port, alloy_memory_mb }: Vars, own: Program): Text {
  return template("alloy/alloy.service.hbs", {
    version: own.version,
    program: binary(own),
    storage: `--storage.path=${STORAGE}`,
    listen: `--server.http.listen-addr=127.0.0.1:${alloy_port}`,
    config: configPath,
    memoryMax: `${alloy_memory_mb}M`,
    goMemoryLimit: `GOMEMLIMIT=${goMemoryLimit(alloy_memory_mb, 0.7)}`,
  });
}

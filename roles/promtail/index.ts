import { type Facts, http, type Resource, type Script, type Site, sh, type Text, type VarsOf } from "hostwright";
import { goMemoryLimit } from "../container.ts";
import { toPromtail } from "../log-agent/handover.ts";
import { agentListens, agentReaches, agentResources, agentValues } from "../log-agent/index.ts";
import { logProof } from "../log-agent/proof.ts";
import { binary, type Program, releaseResource } from "../programs.ts";
import { defineHostService } from "../service.ts";
import { template } from "../templates.ts";
import { releasePins } from "../versions.ts";
import { promtailVars } from "./vars.ts";

type Vars = VarsOf<typeof promtailVars>;

const NAME = "promtail";
const configPath = "/etc/promtail/config.yaml";

/** Ships the application's logs. */
export const promtail = defineHostService({
  name: NAME,
  vars: promtailVars,
  isOn: ({ log_agent }) => log_agent === NAME,
  sends: true,
  program,
  listens: ({ promtail_port }) => agentListens(NAME, promtail_port),
  reaches: (_vars, site) => agentReaches(site),
  memoryMb: ({ promtail_memory_mb }) => promtail_memory_mb,
  resources,
  proofs: (site, occasion) => [logProof(site, occasion)],
  // It says nothing of what it can read: that was proven before it was started.
  gates: ({ promtail_port }) => [http({ url: `http://127.0.0.1:${promtail_port}/ready` }, { tags: [NAME] })],
});

/** Its archives exist up to 3.6.11, and are unsigned. */
function program({ promtail_version: version }: Vars): Program {
  return {
    name: NAME,
    pin: releasePins.promtail,
    version,
    checksums: "SHA256SUMS",
    archive: (architecture) => `promtail-linux-${architecture}.zip`,
    inside: (architecture) => `promtail-linux-${architecture}`,
  };
}

function resources(vars: Vars, site: Site, facts: Facts): readonly Resource[] {
  const own = program(vars);
  const values = { ...agentValues(vars, site), port: vars.promtail_port };
  return agentResources(
    {
      name: NAME,
      program: own,
      release: releaseResource(own, facts, site),
      config: {
        path: configPath,
        content: template("promtail/promtail.yaml.hbs", values),
        validate: (staged: Script) => sh`${binary(own)} -config.file=${staged} -check-syntax >&2`,
      },
      unit: unitFile(vars, own),
      handover: toPromtail(),
    },
    vars,
    site,
  );
}

function unitFile({ promtail_memory_mb }: Vars, own: Program): Text {
  return template("promtail/promtail.service.hbs", {
    program: binary(own),
    version: own.version,
    config: `-config.file=${configPath}`,
    memoryMax: `${promtail_memory_mb}M`,
    goMemoryLimit: `GOMEMLIMIT=${goMemoryLimit(promtail_memory_mb, 0.7)}`,
  });
}

import {
  directory,
  type Facts,
  type HostVars,
  integer,
  jsonFile,
  list,
  pkg,
  type Resource,
  sh,
  string,
  UnsupportedMachine,
  unit,
} from "hostwright";
import { varsOfHost } from "../hosts.ts";

/** Vars of Docker's engine on the monitoring host. */
export const dockerVars = {
  docker_registry_mirrors: list(
    "Mirrors of Docker Hub to pull from first, as URLs",
    string("One mirror", { format: "page-url" }),
    { default: [] },
  ),
  docker_log_max_size: string("A container's log file is rotated at this size", {
    format: "file-size",
    default: "10m",
  }),
  docker_log_max_files: integer("How many log files of a container are kept", {
    minimum: 1,
    maximum: 1000,
    default: 3,
  }),
};

const daemonConfig = "/etc/docker/daemon.json";

/** Docker's engine and Compose v2 from the distribution, told to rotate logs before it starts for the first time. */
export function dockerResources(host: HostVars, { os }: Facts): readonly Resource[] {
  const { docker_registry_mirrors: mirrors } = varsOfHost(dockerVars, host);
  const { logSize, logFiles } = logLimits(host);
  const entries = {
    "log-driver": "json-file",
    "log-opts": { "max-size": logSize, "max-file": logFiles, compress: "true" },
    "live-restore": true,
    "registry-mirrors": mirrors,
  };
  return [
    directory({ path: "/etc/docker" }, { tags: ["docker"] }),
    // Others write there too: GPU runtimes, who moves Docker's data, who limits its addresses.
    jsonFile({ path: daemonConfig, entries, validate: validateDaemonConfig }, { tags: ["docker"] }),
    // curl: conditions of the kind "this URL answers" are asked on the host.
    pkg({ name: ["ca-certificates", "curl", ...dockerPackages(os)] }, { tags: ["docker"] }),
    unit({ name: "docker.service", config: [daemonConfig] }, { tags: ["docker"] }),
  ];
}

/** How large a container's log may get, as Docker has it. */
export function logLimits(host: HostVars): { readonly logSize: string; readonly logFiles: string } {
  const { docker_log_max_size: logSize, docker_log_max_files: logFiles } = varsOfHost(dockerVars, host);
  return { logSize, logFiles: String(logFiles) };
}

/**
 * The packages that bring Docker's engine and Compose v2. Compose v1 cannot recreate a container of a current engine
 * (KeyError 'ContainerConfig'), so a distribution that has nothing else is refused.
 */
export function dockerPackages({ id, version, name }: Facts["os"]): readonly string[] {
  const release = Number.parseFloat(version);
  // Debian's docker.io only recommends the client.
  if (id === "debian" && release >= 13) return ["docker.io", "docker-cli", "docker-compose"];
  if (id === "ubuntu" && release >= 22.04) return ["docker.io", "docker-compose-v2"];
  const reason = id === "debian" || id === "ubuntu" ? "its packages have only Compose v1" : "it is not known here";
  throw new UnsupportedMachine(
    `the monitoring host runs ${name}: ${reason}; use Debian 13, Ubuntu 22.04 or a later release of either`,
  );
}

/** On the first run there is no dockerd yet to ask. */
function validateDaemonConfig(staged: ReturnType<typeof sh>) {
  return sh`if command -v dockerd >/dev/null; then dockerd --validate --config-file ${staged} >&2; fi`;
}

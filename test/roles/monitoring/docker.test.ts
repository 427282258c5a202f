import t from "tap";
import { dockerPackages } from "../../../roles/monitoring/docker.ts";
import { comesInOrder } from "../order.ts";
import { desiredOf, monitoringPlan } from "../plans.ts";

const os = (id: string, version: string) => ({ id, version, name: `${id} ${version}` });

for (const { id, version, packages } of [
  { id: "debian", version: "13", packages: ["docker.io", "docker-cli", "docker-compose"] },
  { id: "debian", version: "14", packages: ["docker.io", "docker-cli", "docker-compose"] },
  { id: "ubuntu", version: "22.04", packages: ["docker.io", "docker-compose-v2"] },
  { id: "ubuntu", version: "24.04", packages: ["docker.io", "docker-compose-v2"] },
  { id: "ubuntu", version: "26.04", packages: ["docker.io", "docker-compose-v2"] },
]) {
  t.test(`${id} ${version} has Compose v2 in ${packages.at(-1)}`, async (t) => {
    t.same(dockerPackages(os(id, version)), packages);
  });
}

for (const { id, version, reason } of [
  { id: "debian", version: "12", reason: /its packages have only Compose v1; use Debian 13/ },
  { id: "ubuntu", version: "20.04", reason: /only Compose v1/ },
  { id: "alpine", version: "3.20.1", reason: /it is not known here/ },
  { id: "debian", version: "0", reason: /only Compose v1/ },
]) {
  t.test(`${id} ${version} is refused with the reason`, async (t) => {
    t.throws(() => dockerPackages(os(id, version)), reason);
  });
}

t.test("Docker is told to rotate logs before it is installed, and is restarted when that changes", async (t) => {
  const { resources } = monitoringPlan();
  comesInOrder(t, resources, [/^json-file \/etc\/docker\/daemon\.json$/, /^package /, /^unit docker\.service$/]);
  t.match(desiredOf(resources, "/etc/docker/daemon.json").entries, {
    "log-driver": "json-file",
    "log-opts": { "max-size": "10m", "max-file": "3" },
    "registry-mirrors": [],
  });
  const vars = {
    docker_log_max_size: "50m",
    docker_log_max_files: 5,
    docker_registry_mirrors: ["https://mirror.example"],
  };
  t.match(desiredOf(monitoringPlan(vars).resources, "/etc/docker/daemon.json").entries, {
    "log-opts": { "max-size": "50m", "max-file": "5" },
    "registry-mirrors": ["https://mirror.example"],
  });
  t.match(desiredOf(resources, "docker.service"), { config: ["/etc/docker/daemon.json"] });
});

// npm run bench:site [-- --delays 0,100 --rounds 5]: the shipped site on the tests' lab (HOSTWRIGHT_TEST_LAB, 9 unless given), in sync and with one file
// drifted, beside the least that can ask for it: zx, and one probe script a host over ssh. The lab is brought up and converged, and left up.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { INVENTORY, inventoryBy, LAB, labPort, onHost, program, raiseLab, site } from "../test/support/lab.ts";
import { spent } from "./cost.mts";
import { delayed } from "./delay.mts";
import { measure } from "./measure.mts";

const { values } = parseArgs({
  options: { delays: { type: "string", default: "0,100" }, rounds: { type: "string", default: "5" } },
});
const rounds = Number(values.rounds);
const HOSTS = ["mon", "app-dev", "app-prod"];
const DRIFTS = "/etc/promtail/config.yaml";
const folder = `.lab/${LAB}`;

console.log(`node ${process.version}; median of ${rounds} (least to most)`);
await raiseLab();
if ((await site()).code !== 0) throw new Error("the lab does not converge");
const empty = `${folder}/empty.mjs`;
writeFileSync(empty, "");
const probe = `${folder}/probe.sh`;
writeFileSync(probe, await probeScript());
for (const roundTripMs of values.delays.split(",").map(Number)) {
  console.log(`\nthe site in sync, three hosts of the lab, ${roundTripMs} ms round trip`);
  const ways = await Promise.all(HOSTS.map((host) => delayed(labPort(host), roundTripMs)));
  const ports = new Map(HOSTS.map((host, index) => [host, ways[index]?.port ?? 0]));
  const inventory = inventoryBy("bench", ports);
  const config = sshConfig(ports);
  const alone = `for host in ${HOSTS.join(" ")}; do ssh -F ${config} $host sh -s <${probe} & done; wait`;
  const ours = ["playbooks/site.mts", "-i", inventory];
  const npx = () => spent("npx", ["zx", ...ours]);
  await measure(rounds, {
    "npx zx, an empty script": () => spent("npx", ["zx", empty]),
    "the probe scripts alone, by sh and ssh": () => spent("sh", ["-c", alone]),
    "floor: npx zx, one probe script a host": () => spent("npx", ["zx", "bench/floor.mts", config, probe, ...HOSTS]),
    "Hostwright, npx zx": npx,
    "Hostwright, node with the launcher": () => spent(process.execPath, ["--import=hostwright/launch", ...ours]),
    ...("typescript" in process.features ? { "Hostwright, plain node": () => spent(process.execPath, ours) } : {}),
    "Hostwright, npx zx, one file drifted": async () => {
      await onHost("app-prod", `echo '# drifted' >>${DRIFTS}`);
      return npx();
    },
  });
  for (const way of ways) way.close();
}

/** What somebody would write by hand for what the site says of these hosts, from its own list: a process or two a kind. */
async function probeScript(): Promise<string> {
  const { stdout } = await program(
    process.execPath,
    "--import=hostwright/launch",
    "playbooks/site.mts",
    "-i",
    INVENTORY,
    "--list-tasks",
  );
  const parts = HOSTS.map((host) => `${host})\n${probeOf(resourcesOf(stdout, host))}\n;;`);
  return `exec sudo -n sh -s <<'END'\nread -r name </etc/hostname\ncase $name in\n${parts.join("\n")}\nesac\nEND\n`;
}

/** The ids of a host's resources, by their type. */
function resourcesOf(list: string, host: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  let isOurs = false;
  for (const line of list.split("\n")) {
    const [, name] = /^ {2}(\S+)$/.exec(line) ?? [];
    const [, type, id] = /^ {4}(\S+) (.*?) {2}\[/.exec(line) ?? [];
    if (name !== undefined) isOurs = name === host;
    if (isOurs && type !== undefined && id !== undefined)
      found.set(type, [...(found.get(type) ?? []), ...id.split(", ")]);
  }
  return found;
}

function probeOf(resources: ReadonlyMap<string, readonly string[]>): string {
  const of = (...types: readonly string[]) => types.flatMap((type) => resources.get(type) ?? []).join(" ");
  const urls = (resources.get("http") ?? []).filter((id) => id.startsWith("http"));
  return [
    `stat -c '%n %f %a %U %G %Z' ${of("directory", "file", "json-file", "env-file", "absent", "release")} 2>&1`,
    `sha256sum ${of("file", "json-file", "env-file")}`,
    `dpkg-query -W -f '\${Package} \${db:Status-Status}\\n' ${of("package")}`,
    ...(resources.has("user")
      ? [`getent passwd ${of("user")}`, `getent group ${of("group")}`, `id ${of("user")}`]
      : []),
    `systemctl show -p Id,LoadState,ActiveState,UnitFileState,ActiveEnterTimestamp ${of("unit")}`,
    ...(resources.has("compose")
      ? [
          "docker ps -a --no-trunc --format '{{json .}}'",
          "docker compose -f /opt/monitoring/compose.yaml config --hash '*'",
        ]
      : []),
    `curl -s -o /dev/null -w '%{http_code}\\n' ${urls.join(" -o /dev/null ")}`,
    "",
  ].join("\n");
}

function sshConfig(ports: ReadonlyMap<string, number>): string {
  const hosts = [...ports].map(([host, port]) => `Host ${host}\nPort ${port}`);
  const all = ["HostName 127.0.0.1", "User ubuntu", `IdentityFile ${folder}/id_ed25519`, "IdentitiesOnly yes"];
  const known = [`UserKnownHostsFile ${folder}/bench_known_hosts`, "BatchMode yes"];
  writeFileSync(`${folder}/bench_ssh_config`, [...hosts, "Host *", ...all, ...known, ""].join("\n"));
  return `${folder}/bench_ssh_config`;
}

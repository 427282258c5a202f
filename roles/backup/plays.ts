import {
  type Asker,
  command,
  defineRole,
  directory,
  type Inquiry,
  type Play,
  type Script,
  type Site,
  sh,
  VarError,
} from "hostwright";
import { groups, varsOfHost } from "../hosts.ts";
import { dockerResources } from "../monitoring/docker.ts";
import { monitoringVars } from "../monitoring/vars.ts";
import { root } from "../paths.ts";
import { backupResources, folder, resticPath, UNIT } from "./index.ts";
import { parseBackups } from "./list.ts";
import { restoreScript } from "./restore.ts";
import { backupVars, restoreVars } from "./vars.ts";

/** So many of a failed unit's last words are shown. */
const LINES = "15";
/** The last occasion on which this host made a backup or was given one. */
const done = `${folder}/done`;

/** Returns the plays that make a backup now, as the timer would: it goes on where the connection does not. `occasion` is this one's name. */
export function backupPlays(occasion: string): readonly Play[] {
  const backup = defineRole({
    name: "backup",
    vars: monitoringVars,
    resources: (_vars, _facts, site) => [
      ...needed(site),
      command({
        name: "a backup is made",
        ...once(occasion),
        run: sh`
          since=$(date +%s)
          systemctl start ${UNIT} || {
            journalctl --quiet --output cat --unit ${UNIT} --since "@$since" --lines ${LINES} >&2
            exit 1
          }
          echo ${occasion} >${done}`,
      }),
    ],
  });
  return [{ name: "backup", hosts: groups.monitoring, roles: [backup] }, kept()];
}

/** Returns the plays that put a backup back on a host that may have nothing yet. */
export function restorePlays(occasion: string): readonly Play[] {
  const restore = defineRole({
    name: "restore",
    vars: { ...monitoringVars, ...restoreVars },
    resources: (_vars, facts, site) => [
      ...dockerResources(site.host, facts),
      ...needed(site),
      command({
        name: "a backup is put back",
        ...once(occasion),
        run: sh`
          ${restoreScript(site.host, varsOfHost(restoreVars, site.host))}
          echo ${occasion} >${done}`,
      }),
    ],
  });
  const next = "Now run playbooks/site.mts: it starts the containers, with the data that was put back.";
  return [{ name: "restore", hosts: groups.monitoring, roles: [restore] }, kept(next)];
}

function once(occasion: string) {
  return { unless: sh`[ -r ${done} ] && read -r last <${done} && [ "$last" = ${occasion} ]` };
}

function needed(site: Site) {
  const resources = backupResources(site);
  if (resources.length === 0) {
    const expected = "backup_folder or backup_s3_bucket, and backup_password (docs/backup.md)";
    throw new VarError("backup_password", { found: "no place for backups", expected }, site.host.name);
  }
  return [directory({ path: root }), ...resources];
}

/** Tells which backups a host has, and what to do next. */
function kept(next?: string): Inquiry {
  return { name: "backups", hosts: groups.monitoring, needs: monitoringVars, asks: listBackups };

  async function listBackups({ sites, ask, tell, note }: Asker): Promise<undefined> {
    for (const { host } of sites) {
      const [list, disk] = await ask(host.name, [
        sh`${resticPath} snapshots --json --host ${host.name}`,
        outlives(varsOfHost(backupVars, host).backup_folder),
      ]);
      const text = list?.status === 0 ? parseBackups(list.stdout) : undefined;
      const reason = list?.stderr.trim().split("\n").at(-1) ?? "";
      const name = "backups";
      if (text) tell(host.name, { name, outcome: "works", text });
      else tell(host.name, { name, outcome: "broken", text: `they cannot be listed: ${reason}` });
      if (disk?.status === 1) tell(host.name, { name, outcome: "unproven", text: disk.stdout.trim() });
      if (next) note(host.name, next);
    }
    return undefined;
  }
}

/** Ends with 1, and says so, where the backups go with the data. */
function outlives(path: string | undefined): Script {
  if (path === undefined) return sh`:`;
  return sh`
    [ "$(stat -c %d -- ${path})" != "$(stat -c %d -- "$(docker info --format '{{.DockerRootDir}}')")" ] && exit
    echo ${path}" is on the disk that the data is on: who loses one loses both"
    exit 1`;
}

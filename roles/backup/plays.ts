import { command, defineRole, directory, type Play, type Site, sh, VarError } from "hostwright";
import { groups, varsOfHost } from "../hosts.ts";
import { backupResources, folder, UNIT } from "../monitoring/backup.ts";
import { restoreVars } from "../monitoring/backup-vars.ts";
import { dockerResources } from "../monitoring/docker.ts";
import { monitoringVars } from "../monitoring/vars.ts";
import { root } from "../paths.ts";
import { backupsKept } from "./kept.ts";
import { restoreScript } from "./restore.ts";

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
  return [{ name: "backup", hosts: groups.monitoring, roles: [backup] }, backupsKept()];
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
  return [{ name: "restore", hosts: groups.monitoring, roles: [restore] }, backupsKept(next)];
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

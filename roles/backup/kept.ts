import { type Asker, type Finding, type HostVars, type Inquiry, type Said, type Script, sh } from "hostwright";
import { groups, varsOfHost } from "../hosts.ts";
import { resticPath, UNIT } from "../monitoring/backup.ts";
import { backupVars, repositoryOf } from "../monitoring/backup-vars.ts";
import { monitoringVars } from "../monitoring/vars.ts";
import { parseBackups } from "./list.ts";

/** Tells which backups the monitoring hosts have, and whether the last one failed; `next` is what to do then. Hosts without a place for any say nothing. */
export function backupsKept(next?: string): Inquiry {
  return {
    name: "backups",
    hosts: groups.monitoring,
    needs: monitoringVars,
    async asks(asker) {
      await Promise.all(asker.sites.map(({ host }) => tellOf(host, asker)));
      for (const { host } of asker.sites) if (next) asker.note(host.name, next);
      return undefined;
    },
  };
}

async function tellOf(host: HostVars, { ask, tell }: Asker): Promise<void> {
  if (!repositoryOf(host)) return;
  const [list, failed, together] = await ask(host.name, [
    sh`${resticPath} snapshots --json --host ${host.name}`,
    sh`systemctl is-failed --quiet ${UNIT}`,
    goTogether(varsOfHost(backupVars, host).backup_folder),
  ]);
  const name = "backups";
  const text = list?.status === 0 ? parseBackups(list.stdout) : undefined;
  if (text === undefined) tell(host.name, { name, ...unlisted(list) });
  else if (failed?.status === 0)
    tell(host.name, {
      name,
      outcome: "broken",
      text: `the last one failed; ${text}`,
      hint: `on ${host.name}: journalctl -u ${UNIT}`,
    });
  else tell(host.name, { name, outcome: "works", text });
  if (together?.status === 0)
    tell(host.name, { name, outcome: "unproven", text: "they are on the disk of the data: who loses one loses both" });
}

/** Before the first backup there is no repository: restic's words for that, and since 0.17 its exit code. */
function unlisted(said: Said | undefined): Pick<Finding, "outcome" | "text"> {
  const { status, stderr = "" } = said ?? {};
  if (status === 10 || /Is there a repository at/.test(stderr)) return { outcome: "unproven", text: "none yet" };
  const words = /"message":"([^"]*)"/.exec(stderr)?.[1] ?? stderr.trim().split("\n").at(-1);
  return { outcome: "broken", text: `they cannot be listed: ${words}` };
}

/** Ends with 0 where the backups are on the disk of the data. */
function goTogether(path: string | undefined): Script {
  if (path === undefined) return sh`false`;
  return sh`[ "$(stat -c %d -- ${path})" = "$(stat -c %d -- "$(docker info --format '{{.DockerRootDir}}')")" ]`;
}

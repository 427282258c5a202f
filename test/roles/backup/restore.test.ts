import { spawnSync } from "node:child_process";
import t from "tap";
import { readVars, Secret, type VarsOf } from "../../../engine/index.ts";
import { restoreScript } from "../../../roles/backup/restore.ts";
import { restoreVars } from "../../../roles/monitoring/backup-vars.ts";
import { shells } from "../../support/shells.ts";
import { monitoringHost } from "../site.ts";

const host = monitoringHost({ backup_folder: "/b", backup_password: new Secret("opens all of them", "test") });

/** The script for these wishes. */
function scriptOf(wanted: Readonly<Record<string, unknown>>): string {
  const reading = readVars(restoreVars, wanted);
  if ("errors" in reading) throw new Error(JSON.stringify(reading.errors));
  return restoreScript(host, reading.value as VarsOf<typeof restoreVars>).text;
}

t.test("shells read the script", async (t) => {
  for (const [command = "", ...args] of shells)
    for (const input of [scriptOf({}), scriptOf({ restore_backup: "1a2b3c4d", restore_replaces_data: true })])
      t.match(spawnSync(command, [...args, "-n"], { input, encoding: "utf8" }), { status: 0, stderr: "" });
});

t.test("newer data is in the way unless it may go, and Tempo's of another major version in any case", async (t) => {
  t.match(scriptOf({}), "restore_replaces_data=true lets that go");
  t.notMatch(scriptOf({ restore_replaces_data: true }), "lets that go");
  t.match(scriptOf({}), /readable 'tempo' '3\.[\d.]+' 'same'/);
  t.match(scriptOf({}), /readable 'grafana' '1\d\.[\d.]+' ''/);
});

t.test("a backup is called by its id", async (t) => {
  t.throws(() => scriptOf({ restore_backup: "yesterday" }), /restore_backup/);
});

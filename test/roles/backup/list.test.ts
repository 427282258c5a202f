import t from "tap";
import { parseBackups } from "../../../roles/backup/list.ts";

// As restic 0.18.0 prints them; not in the order of time.
const older = { short_id: "810994b5", time: "2026-11-26T20:35:12.123456789Z", hostname: "mon" };
const newer = { short_id: "6806796e", time: "2026-11-27T21:36:30.5+01:00", hostname: "mon" };

t.test("backups are told by their number, the newest and the oldest", async (t) => {
  t.equal(parseBackups("[]"), "none yet");
  t.equal(parseBackups("null"), undefined);
  t.equal(parseBackups("Fatal: wrong password"), undefined);
  t.equal(parseBackups(JSON.stringify([older])), "1 kept: the newest 810994b5 of 2026-11-26T20:35Z");
  t.equal(
    parseBackups(JSON.stringify([newer, older])),
    "2 kept: the newest 6806796e of 2026-11-27T20:36Z, the oldest 810994b5 of 2026-11-26T20:35Z",
  );
});

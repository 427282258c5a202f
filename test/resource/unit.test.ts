import { symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { newerThan, parseCtimes, probeCtimes, waitForNextSecond } from "../../engine/resource/ctime.ts";
import { touches } from "../../engine/resource/resource.ts";
import { unit } from "../../engine/resource/unit.ts";
import { Secret } from "../../engine/shell/secret.ts";
import { trusted } from "../../engine/shell/sh.ts";
import { plan } from "../support/converges.ts";
import { runSections, shells } from "../support/shells.ts";

const content = "[Service]\nExecStart=/bin/sleep 1000\n[Install]\nWantedBy=multi-user.target\n";
const promtail = unit({ name: "promtail", content, config: ["/etc/hw.conf", "/etc/none"] });

/** What the probe printed on Debian 12 (systemd 252) for `promtail`, four seconds after it was started by us. */
const running = `present
81a4 644 root root 0 0
b7fcb05a1481aeb37a5f2d8b6515aec5aadf2dfa29ad73a804b95b438ab02987  /etc/systemd/system/promtail.service
ctimes
exists
exists
absent
1795339717
1795339712
1795339712
units
ExecMainStartTimestamp=Sun 2026-11-22 09:28:33 UTC
Id=promtail.service
LoadState=loaded
ActiveState=active
SubState=running
UnitFileState=enabled
NeedDaemonReload=no
`;

/** The same host, asked for a unit that a package would bring. */
const missing = `
ctimes
1795339717
units
ExecMainStartTimestamp=
Id=missing.service
LoadState=not-found
ActiveState=inactive
SubState=dead
UnitFileState=
NeedDaemonReload=no
`;

/** The same host, asked for a masked unit and for one that a package brought. */
const maskedAndStatic = `
ctimes
1795339717
units
ExecMainStartTimestamp=
Id=nonesuch.service
LoadState=masked
ActiveState=inactive
SubState=dead
UnitFileState=masked
NeedDaemonReload=no

ExecMainStartTimestamp=Sun 2026-11-22 09:24:47 UTC
Id=dbus.service
LoadState=loaded
ActiveState=active
SubState=running
UnitFileState=static
NeedDaemonReload=no
`;

const crashing = running.replace("=active", "=activating").replace("=running", "=auto-restart");

const cases: { name: string; resource: ReturnType<typeof unit>; probed: string; changes: unknown[] }[] = [
  { name: "a unit that runs what is configured is in sync", resource: promtail, probed: running, changes: [] },
  {
    name: "a configuration that is newer than the process makes it stale",
    resource: promtail,
    probed: running.replace("1795339712\nunits", "1795339714\nunits"),
    changes: [{ field: "process", before: "older than /etc/hw.conf", after: "restarted" }],
  },
  {
    name: "a configuration of the second of the start counts as newer",
    resource: promtail,
    probed: running.replace("1795339712\nunits", "1795339713\nunits"),
    changes: [{ field: "process", before: "older than /etc/hw.conf", after: "restarted" }],
  },
  {
    name: "a configuration from the future is no reason: no start could be later",
    resource: promtail,
    probed: running.replace("1795339712\nunits", "1895339713\nunits"),
    changes: [],
  },
  {
    name: "a unit file that systemd has not read yet makes the process stale",
    resource: promtail,
    probed: running.replace("Reload=no", "Reload=yes"),
    changes: [{ field: "process", before: "older unit file", after: "restarted" }],
  },
  {
    name: "another unit file is written and the process restarted",
    resource: promtail,
    probed: running.replace("b7fcb05a1481", "000000000000"),
    changes: [
      { field: "content", before: "000000000000", after: "b7fcb05a1481" },
      { field: "process", before: "older unit file", after: "restarted" },
    ],
  },
  {
    name: "a unit that crashes again and again does not run",
    resource: promtail,
    probed: crashing,
    changes: [{ field: "running", before: "activating (auto-restart)", after: "running" }],
  },
  {
    name: "a unit that should be off is disabled and stopped, not restarted",
    resource: unit({
      name: "promtail",
      content,
      enabled: false,
      running: false,
      config: ["/etc/hw.conf", "/etc/none"],
    }),
    probed: running.replace("Reload=no", "Reload=yes"),
    changes: [
      { field: "enabled", before: "enabled", after: "disabled" },
      { field: "running", before: "active", after: "stopped" },
    ],
  },
  {
    name: "a unit whose package is still to come is planned",
    resource: unit({ name: "missing" }),
    probed: missing,
    changes: [
      { field: "enabled", before: "absent", after: "enabled" },
      { field: "running", before: "absent", after: "running" },
    ],
  },
  {
    name: "a unit that is absent and should be off is in sync",
    resource: unit({ name: "missing", enabled: false, running: false }),
    probed: missing,
    changes: [],
  },
  {
    name: "without systemd everything is planned, and said why",
    resource: unit({ name: "missing" }),
    probed: `${missing.split("units")[0]}units\nnone\n`,
    changes: [
      { field: "enabled", before: "no systemd", after: "enabled" },
      { field: "running", before: "no systemd", after: "running" },
    ],
  },
];

for (const { name, resource, probed, changes } of cases) {
  t.test(`unit diff: ${name}`, async (t) => {
    const [found = []] = resource.kind.diff(probed, [resource]);
    t.same(
      found.map(({ field, before, after }) => ({ field, before, after })),
      changes,
    );
  });
}

t.test("unit diff: a masked unit is unmasked, and one that cannot be enabled is not taken for enabled", async (t) => {
  const [nonesuch, dbus] = [unit({ name: "nonesuch" }), unit({ name: "dbus" })];
  const [masked = [], fixed = []] = nonesuch.kind.diff(maskedAndStatic, [nonesuch, dbus]);
  t.same(
    masked.map(({ field }) => field),
    ["masked", "enabled", "running"],
  );
  t.match(fixed, [{ field: "enabled", before: "static", after: "enabled" }]);
});

t.test("unit diff: a masked unit that should be off is left alone", async (t) => {
  const off = ["nonesuch", "dbus"].map((name) => unit({ name, enabled: false, running: name === "dbus" }));
  t.same(off[0]?.kind.diff(maskedAndStatic, off), [[], []]);
});

t.test("unit reads other text as a failed probe, never as absent", async (t) => {
  const texts = ["", "units\n", missing.replace("LoadState", "Load"), running.replace("09:28:33 UTC", "09:28:33 CET")];
  for (const text of texts) {
    const resource = text.includes("promtail") ? promtail : unit({ name: "missing" });
    t.throws(() => resource.kind.diff(text, [resource]), /unexpected output|not a time/);
  }
});

t.test("unit follows its configuration, unless it should not run", async (t) => {
  const changing = new Set(["/etc/hw.conf"]);
  t.same(promtail.kind.followed(promtail, changing), [
    { field: "process", before: "older configuration", after: "restarted" },
  ]);
  t.same(promtail.kind.followed(promtail, new Set(["/etc/other"])), []);
  const off = unit({ name: "off", running: false, config: ["/etc/hw.conf"] });
  t.same(off.kind.followed(off, changing), []);
});

t.test("unit adds .service, keeps another suffix, and refuses what is no name", async (t) => {
  t.equal(unit({ name: "promtail" }).id, "promtail.service");
  t.equal(unit({ name: "apt-daily.timer" }).id, "apt-daily.timer");
  t.equal(unit({ name: "a@b.1" }).id, "a@b.1.service");
  for (const name of ["", "-rf", "a b", "../x", "a;b", "é"]) t.throws(() => unit({ name }), /not a unit's name/);
});

t.test("unit shows a file that holds a secret to root alone, and no diff of it", async (t) => {
  const secret = unit({ name: "promtail", content: new Secret("x", "test"), config: ["/etc/hw.conf", "/etc/none"] });
  const [changes = []] = secret.kind.diff(running, [secret]);
  t.match(changes, [{ field: "content" }, { field: "mode", after: "0600" }, { field: "process" }]);
  t.ok(changes.every(({ text }) => text === undefined));
});

for (const shell of shells) {
  t.test(`unit in ${shell[0]}, on a machine without systemd`, { skip: withSystemd() }, async (t) => {
    const steps = plan(shell, [
      unit({ name: "hostwright-none", content, config: ["/etc/passwd"] }),
      unit({ name: "x" }),
    ]);
    t.ok(steps.every(({ changes }) => touches(changes, "running")));
    const [section] = runSections(shell, [steps[1]?.script ?? trusted("")]);
    t.match(section, { status: 1, stderr: /systemd does not run here/ });
  });

  t.test(`change times in ${shell[0]}`, async (t) => {
    const dir = t.testdir();
    const [file, link, dangling, none] = ["it's $HOME", "link", "dangling", "none"].map((name) => join(dir, name));
    const paths = [none, file, dangling, link].map(String);
    writeFileSync(String(file), "x");
    symlinkSync("target", String(link));
    writeFileSync(join(dir, "target"), "x");
    symlinkSync("/nowhere", String(dangling));
    // An older modification time must not hide a change: only ctime cannot be set.
    utimesSync(String(file), 1, 1);
    const [section] = runSections(shell, [probeCtimes(paths)]);
    const { now, of } = parseCtimes(section?.stdout ?? "", paths);
    t.same([...of.keys()], paths.slice(1));
    t.ok(Math.abs(Date.now() / 1000 - now) < 5, "the host's own clock");
    t.ok([...of.values()].every((time) => time >= now - 5 && time <= now + 1));
    t.equal(newerThan(now - 60, paths, { now: now + 1, of }), file);
    t.equal(newerThan(now + 60, paths, { now: now + 60, of }), undefined);
    t.same(parseCtimes(runSections(shell, [probeCtimes([])])[0]?.stdout ?? "", []).of.size, 0);
    t.throws(() => parseCtimes("1\n", paths), /unexpected output/);
    const clock = trusted("date +%s");
    const [waited] = runSections(shell, [trusted(`${waitForNextSecond(paths).text}\n${clock.text}`)]);
    t.ok(newerThan(Number(waited?.stdout), paths, { now: now + 60, of }) === undefined, "a start now is a later one");
  });
}

function withSystemd(): string | false {
  const [section] = runSections(["sh"], [trusted("[ -d /run/systemd/system ] && echo yes")]);
  return section?.stdout === "yes\n" && "systemd runs on this machine";
}

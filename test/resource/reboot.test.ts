import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import t from "tap";
import { reboot } from "../../engine/resource/reboot.ts";
import type { Resource } from "../../engine/resource/resource.ts";
import { groupByKind, ProbeFailedError, planSteps } from "../../engine/run/plan.ts";
import { type Script, trusted } from "../../engine/shell/sh.ts";
import { runSections, shells } from "../support/shells.ts";

const path = process.env.PATH ?? "";
t.teardown(() => {
  process.env.PATH = path;
});

/** A machine of which nothing is real but the shell: what it runs, what is installed, what it says of itself. */
function machine(
  dir: string,
  { running = "6.12.41+deb13-arm64", installed = [] as readonly string[], state = "running" } = {},
) {
  for (const folder of ["bin", "run", "systemd"]) mkdirSync(`${dir}/${folder}`);
  const program = (name: string, text: string) => {
    writeFileSync(`${dir}/bin/${name}`, `#!/bin/sh\n${text}\n`);
    chmodSync(`${dir}/bin/${name}`, 0o755);
  };
  program("uname", `echo ${running}`);
  program("sleep", `echo "$1" >>'${dir}/slept'`);
  program(
    "systemctl",
    `echo "$*" >>'${dir}/asked'; [ "$1" != is-system-running ] || [ "$#" -gt 1 ] || { echo ${state}; exit 1; }`,
  );
  program("timeout", 'shift; exec "$@"');
  program(
    "linux-version",
    `case $1 in list) printf '%s\\n' ${installed.join(" ")} ;; sort) sort -V ;;
     compare) [ "$2" != "$4" ] && [ "$(printf '%s\\n' "$2" "$4" | sort -V | tail -n 1)" = "$2" ] ;; esac`,
  );
  process.env.PATH = `${dir}/bin:${path}`;
  return {
    /** The reasons that the probe gives, as fields with what was before and is wanted. */
    plan: (shell: readonly string[]) => {
      const resources: readonly Resource[] = [reboot({ when: "required" })];
      const groups = groupByKind(resources);
      const scripts = groups.map(({ kind }) => inside(dir, kind.probe(resources)));
      return planSteps(resources, groups, runSections(shell, scripts));
    },
    said: (name: string) =>
      existsSync(`${dir}/${name}`) ? readFileSync(`${dir}/${name}`, "utf8").trim().split("\n") : [],
  };
}

/** The script with the machine's /run in this folder. */
function inside(dir: string, { text }: Script): Script {
  return trusted(text.replaceAll("/run/", `${dir}/run/`));
}

/** What the host said when it could not be looked at. */
function refusal(look: () => unknown): string {
  try {
    look();
    return "";
  } catch (error) {
    return error instanceof ProbeFailedError ? error.stderr.trim() : String(error);
  }
}

const fields = (steps: ReturnType<ReturnType<typeof machine>["plan"]>) =>
  steps.flatMap(({ changes }) => changes.map(({ field, before, after }) => [field, before, after]));

for (const shell of shells) {
  t.test(`reboot in ${shell[0]}`, async (t) => {
    const kernels = [
      {
        name: "the newest runs",
        running: "6.12.63+deb13-arm64",
        installed: ["6.12.41+deb13-arm64", "6.12.63+deb13-arm64"],
      },
      { name: "none is installed, as in a container", running: "6.1.0-28-amd64", installed: [] },
      { name: "the newest is removed again", running: "6.1.0-31-amd64", installed: ["6.1.0-28-amd64"] },
      { name: "of another flavour", running: "6.8.0-1021-aws", installed: ["6.8.0-1021-aws", "6.8.0-60-generic"] },
      { name: "of another flavour with the same end", running: "6.1.0-28-arm64", installed: ["6.1.0-30-cloud-arm64"] },
    ];
    for (const { name, ...kernel } of kernels)
      t.test(`a kernel wants none: ${name}`, async (t) => t.same(machine(t.testdir(), kernel).plan(shell), []));

    const newer = [
      ["6.12.41+deb13-arm64", "6.12.63+deb13-arm64"],
      ["6.1.0-9-cloud-arm64", "6.1.0-30-cloud-arm64"],
      ["6.8.0-1021-aws", "6.8.0-1030-aws"],
    ] as const;
    for (const [running, newest] of newer)
      t.test(`a newer kernel wants one: ${newest}`, async (t) => {
        const one = machine(t.testdir(), { running, installed: [running, newest] });
        t.same(fields(one.plan(shell)), [["kernel", running, newest]]);
      });

    t.test("so do packages that ask for it, each named once", async (t) => {
      const dir = t.testdir();
      const one = machine(dir);
      writeFileSync(`${dir}/run/reboot-required`, "*** System restart required ***\n");
      t.same(fields(one.plan(shell)), [["reboot-required", "no package named", "nothing"]]);
      writeFileSync(`${dir}/run/reboot-required.pkgs`, "libc6\ndbus\nlibc6\n");
      t.same(fields(one.plan(shell)), [["reboot-required", "dbus libc6", "nothing"]]);
    });

    t.test("a machine that is booting is waited for; one that runs is not", async (t) => {
      const dir = t.testdir({ booting: {}, up: {} });
      const booting = machine(`${dir}/booting`, { state: "starting" });
      booting.plan(shell);
      t.ok(booting.said("asked").includes("is-system-running --wait"));
      const up = machine(`${dir}/up`, { state: "degraded" });
      up.plan(shell);
      t.same(up.said("asked"), ["is-system-running"]);
    });

    t.test(
      "it is told to reboot a moment later; the look behind that waits, and fails where it stays up",
      async (t) => {
        const dir = t.testdir();
        const one = machine(dir);
        mkdirSync(`${dir}/run/systemd/system`, { recursive: true });
        writeFileSync(`${dir}/run/reboot-required`, "");
        const [step] = one.plan(shell);
        t.ok(step);
        if (!step) return;
        t.match(runSections(shell, [inside(dir, step.script)]), [{ status: 0, stderr: "" }]);
        for (let left = 100; left > 0 && !one.said("asked").includes("reboot"); left--) await delay(50);
        t.ok(one.said("asked").includes("reboot"));
        t.same(one.said("slept"), ["2"]);
        t.equal(
          refusal(() => one.plan(shell)),
          "it was told to reboot and is still up after 100 s",
        );
        t.same(one.said("slept"), ["2", "100"]);
      },
    );

    t.test("without systemd it is refused, and nothing happens", async (t) => {
      const dir = t.testdir();
      const one = machine(dir);
      writeFileSync(`${dir}/run/reboot-required`, "");
      const [step] = one.plan(shell);
      t.match(step && runSections(shell, [inside(dir, step.script)]), [{ status: 1, stderr: /has no systemd/ }]);
      t.notOk(one.said("asked").includes("reboot"));
    });
  });
}

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Test } from "tap";
import { bench, pinned } from "./bench.ts";
import { type ContainerOptions, machineImage, startContainer } from "./container.ts";
import { runFile } from "./program.ts";

/** A machine with one thing wrong, and what is said of it. */
export interface SpoiledMachine extends Pick<ContainerOptions, "spoil" | "docker"> {
  readonly name: string;
  /** Stands in stderr, or where all is well in stdout. */
  readonly message: RegExp;
  /** Vars of the play; without them a command is run as root. */
  readonly play?: Readonly<Record<string, string | number>>;
  /** Which of `test/fixtures`; `disk` unless given. */
  readonly file?: string;
  /** Given to sudo; `pw1` is the right one where `asks` spoiled the machine. */
  readonly password?: string;
  /** 2 unless given. */
  readonly code?: number;
}

/** Shell line that leaves no room in a folder. */
export const fills = (folder: string): string =>
  `while echo 0123456789abcdef; do :; done >${folder}/filler 2>/dev/null || :`;

/** Arguments of `docker run` by which a folder has very little room. */
export const small = (folder: string): readonly string[] => ["--tmpfs", `${folder}:size=64k`];

/** A new key to log in with, in a folder that goes with the test. */
export function loginKey(t: Test): string {
  // Not t.testdir, which `bench` empties.
  const dir = mkdtempSync(join(tmpdir(), "spoiled-"));
  t.teardown(() => rmSync(dir, { recursive: true }));
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", `${dir}/key`]);
  return `${dir}/key`;
}

/** For a start, a login and, at the longest, a login shell that hangs. */
const LIMIT_MS = 90_000;

/** Tests that each machine is met with its message, in seconds. */
export async function meetsMachines(t: Test, machines: readonly SpoiledMachine[]): Promise<void> {
  const [image, key] = [await machineImage(), loginKey(t)];
  for (const { name, message, play, file = "disk", password, code = 2, ...options } of machines) {
    await t.test(`${name}: one sentence says so, in seconds`, async (t) => {
      const host = await startContainer(t, image, { publicKey: `${key}.pub`, ...options });
      const vars = {
        host: "127.0.0.1",
        port: host.port,
        user: "ops",
        key,
        ...play,
        ...(password ? { ansible_become_password: "!env LAB_PASSWORD" } : {}),
      };
      const one = bench(t, { web: vars }, { pins: pinned(`[127.0.0.1]:${host.port}`, host.keys) });
      const started = Date.now();
      const ended = play
        ? await runFile(`test/fixtures/${file}.mts`, one.args, { env: { SSH_AUTH_SOCK: "" } })
        : await one.exec("web", "id -un; cat", { options: ["-b"], env: { LAB_PASSWORD: password ?? "" } });
      const all = `${ended.stdout}${ended.stderr}`;
      t.equal(ended.code, code, all);
      t.match(all, message);
      t.notMatch(all, /^ +at /m, "no stack trace");
      const took = Date.now() - started;
      t.ok(took < LIMIT_MS);
      // As docs/hosts-in-trouble.md has it.
      const sentence = /^(?:FAILED|UNREACHABLE) .*/m.exec(all)?.[0] ?? "works as any other";
      t.comment(`| ${name} | ${sentence} | ${(took / 1000).toFixed(1)} |`);
    });
  }
}

import { spawnSync } from "node:child_process";
import { type FrameOptions, frame, type Section, unframe } from "../../engine/shell/frame.ts";
import type { Script } from "../../engine/shell/sh.ts";

const candidates = [["dash"], ["bash", "--posix"], ["busybox", "sh"]] as const;

/** The real shells on this machine, of those that hosts have. */
export const shells = candidates.filter(([name]) => spawnSync(name, ["-c", "true"]).error === undefined);

/** Runs sections in this shell, as the engine would on a host. */
export function runSections(
  shell: readonly string[],
  sections: readonly Script[],
  options: FrameOptions = {},
): readonly Section[] {
  const [command = "sh", ...args] = shell;
  const input = frame(sections, "test-nonce", options).text;
  const { stdout, stderr } = spawnSync(command, [...args, "-s"], { input, encoding: "utf8", maxBuffer: 1 << 26 });
  return unframe({ stdout, stderr }, "test-nonce");
}

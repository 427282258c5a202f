import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { run } from "../command.ts";
import { LabError, type Log } from "../log.ts";
import { takeTurns } from "../turns.ts";
import { ensurePrograms, isRoot } from "./packages.ts";

const REGISTRY = "/proc/sys/fs/binfmt_misc";
const ENTRY = `${REGISTRY}/qemu-aarch64`;
const MAGIC = String.raw`\x7f\x45\x4c\x46\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00`;
const MASK = String.raw`\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff`;
// Debian's qemu keeps argv[0] only when it is called by the name that ends in -P.
const INTERPRETERS = [
  "/usr/libexec/qemu-binfmt/aarch64-binfmt-P",
  "/usr/bin/qemu-aarch64-static",
  "/usr/bin/qemu-aarch64",
];

/** Lets this machine run arm64 programs, setuid ones included, also inside containers. */
export function ensureEmulation(log: Log): Promise<void> {
  return next(() => ensureNow(log));
}

// Two hosts ask at the same time.
const next = takeTurns();

async function ensureNow(log: Log): Promise<void> {
  if (isRegistered()) return;
  const interpreter = INTERPRETERS.find((path) => existsSync(path));
  if (interpreter === undefined) {
    const why = "runs arm64 programs on this machine";
    await ensurePrograms([{ program: "qemu-aarch64-static", packages: ["qemu-user-static"], why }], log);
  }
  if (!isRoot())
    throw new LabError(`arm64 programs need a registration in ${REGISTRY} with the flags OCPF, made by root`);
  await register(interpreter ?? "/usr/bin/qemu-aarch64-static");
  log("arm64 emulation registered");
}

/** F: the interpreter is found inside containers. C: setuid programs such as sudo get their rights. */
function isRegistered(): boolean {
  if (!existsSync(ENTRY)) return false;
  const flags = /^flags: (\w*)$/m.exec(readFileSync(ENTRY, "utf8"))?.[1] ?? "";
  return flags.includes("C") && flags.includes("F");
}

async function register(interpreter: string): Promise<void> {
  if (!existsSync(`${REGISTRY}/register`)) await run(["mount", "-t", "binfmt_misc", "none", REGISTRY]);
  if (isRegistered()) return;
  if (existsSync(ENTRY)) writeFileSync(ENTRY, "-1");
  writeFileSync(`${REGISTRY}/register`, `:qemu-aarch64:M::${MAGIC}:${MASK}:${interpreter}:OCPF`);
}

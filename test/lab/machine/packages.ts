import { hasProgram, run } from "../command.ts";
import { LabError, type Log, step } from "../log.ts";
import { takeTurns } from "../turns.ts";

/** A program the lab calls on this machine, and the Debian packages that bring it. */
export interface Need {
  readonly program: string;
  readonly packages: readonly string[];
  readonly why: string;
}

/** Installs what is missing where it may (Debian or Ubuntu, as root); otherwise throws, naming all that is missing. */
export function ensurePrograms(needs: readonly Need[], log: Log): Promise<void> {
  return next(() => ensureNow(needs, log));
}

// Images are made side by side, but apt serves only one at a time.
const next = takeTurns();

async function ensureNow(needs: readonly Need[], log: Log): Promise<void> {
  const present = await Promise.all(needs.map(({ program }) => hasProgram(program)));
  const missing = needs.filter((_need, index) => !present[index]);
  if (missing.length === 0) return;
  const packages = [...new Set(missing.flatMap((need) => need.packages))];
  if (!(await mayInstall())) throw new LabError(explain(missing, packages));
  await step(log, `installing ${packages.join(", ")}`, () => install(packages));
}

/** Whether this process may change the machine: root. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

async function mayInstall(): Promise<boolean> {
  return isRoot() && (await hasProgram("apt-get"));
}

function explain(missing: readonly Need[], packages: readonly string[]): string {
  const lines = missing.map(({ program, why }) => `  ${program}: ${why}`);
  return `this machine lacks:\n${lines.join("\n")}\nOn Debian or Ubuntu: sudo apt-get install ${packages.join(" ")}`;
}

async function install(packages: readonly string[]): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  await run(["apt-get", "-qq", "update"], { env });
  await run(["apt-get", "-qq", "install", "--yes", "--no-install-recommends", ...packages], { env });
}

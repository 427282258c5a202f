import { access } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { agentOf, canSign } from "../connection/agent.ts";
import { type Identity, keyProblem, readableBySsh2, readIdentity } from "../connection/identity.ts";
import { readIfThere } from "../connection/known-hosts.ts";
import { sshConfig } from "../connection/ssh-config.ts";
import { type ConnectionVars, connectionVars, settingOf } from "../inventory/connection-vars.ts";
import { type Host, type Inventory, InventoryError, type Problem, shownPath } from "../inventory/inventory.ts";
import type { Options } from "./options.ts";

/** A file on this machine that a login needs, and who says so. */
interface Needed {
  readonly path: string;
  /** The var with its place, or the option. */
  readonly subject: Pick<Problem, "message" | "place">;
  readonly host: Host;
  readonly vars: ConnectionVars;
}

/** Returns the known_hosts file that is used where no var names one. */
export function knownHostsBeside({ files }: Inventory): string {
  return join(dirname(resolve(files[0] ?? ".")), "known_hosts");
}

/** Throws `InventoryError`, before any host is contacted, on keys and known_hosts files that no login could use. */
export async function checkKeys(
  hosts: Iterable<Host>,
  inventory: Inventory,
  options: Pick<Options, "privateKey" | "user">,
): Promise<void> {
  const remote = [...new Set(hosts)]
    .map((host) => ({ host, vars: connectionVars(host) }))
    .filter(({ vars }) => vars.connection === "ssh");
  const keys = remote.flatMap(({ host, vars }): Needed[] => {
    const path = vars.key ?? (options.privateKey && resolve(options.privateKey));
    return path ? [{ path, subject: subjectOf(host, "key", "--private-key"), host, vars }] : [];
  });
  const pins = remote.map(({ host, vars }): Needed => {
    const path = vars.knownHosts ?? knownHostsBeside(inventory);
    return { path, subject: subjectOf(host, "knownHosts", "known_hosts beside the inventory"), host, vars };
  });
  const problems = await Promise.all([
    ...once(keys).map((key) => problemOfKey(key, options)),
    ...once(pins).map(problemOfPins),
  ]);
  const found = problems.filter((problem) => problem !== undefined);
  if (found.length > 0) throw new InventoryError(found);
}

/** One a file, however many hosts use it. */
function once(all: readonly Needed[]): readonly Needed[] {
  return [...new Map([...all].reverse().map((one) => [one.path, one])).values()].reverse();
}

function subjectOf(host: Host, setting: "key" | "knownHosts", otherwise: string): Needed["subject"] {
  const given = settingOf(host, setting);
  return given === undefined ? { message: otherwise } : { message: `var ${given.name}`, place: given.place };
}

async function problemOfKey(needed: Needed, { user }: Pick<Options, "user">): Promise<Problem | undefined> {
  const { path, subject } = needed;
  const expected = "a private key that can be used";
  const wrong = (what: string, hint?: string): Problem => {
    return { ...subject, found: `${shownPath(path)}, which ${what}`, expected, hint };
  };
  try {
    const identity = await readIdentity(path);
    const canAsk = process.stdin.isTTY === true;
    const problem = keyProblem(path, identity, { isInAgent: await isInAgent(identity, needed, user), canAsk });
    if (identity === undefined) {
      if (!(await isThere(path))) return wrong("is missing", `create one: ssh-keygen -t ed25519 -f ${shownPath(path)}`);
      return wrong("is not a private key");
    }
    if (problem)
      return wrong(problem.text, problem.kind === "auth" ? `unlock it once: ssh-add ${shownPath(path)}` : problem.hint);
    if (identity.text !== undefined && !identity.isEncrypted) readableBySsh2(identity.text, undefined);
    return undefined;
  } catch (error) {
    return wrong(`cannot be read (${reasonOf(error)})`);
  }
}

/** Only what the file cannot give is asked of the agent, which may be another one for each host. */
async function isInAgent(
  identity: Identity | undefined,
  { host, vars, path }: Needed,
  user?: string,
): Promise<boolean> {
  if (!identity?.publicKey || (identity.text !== undefined && !identity.isEncrypted)) return false;
  const { address, port, sshArgs } = vars;
  const config = await sshConfig({ name: host.name, address, port, user: vars.user ?? user, key: path, sshArgs });
  return canSign(await agentOf(config), identity.publicKey);
}

async function problemOfPins({ path, subject }: Needed): Promise<Problem | undefined> {
  try {
    // One that is not there is made when a key is pinned.
    await readIfThere(path);
    return undefined;
  } catch (error) {
    const why = reasonOf(error);
    return { ...subject, found: `${shownPath(path)}, which cannot be read (${why})`, expected: "a file of host keys" };
  }
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error ? String(error.code) : error.message;
}

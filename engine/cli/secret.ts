import { chmod, mkdir, readFile, realpath, rename, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { decryptBlock, encryptBlock, identityPath, newIdentity, readIdentities } from "../inventory/age.ts";
import { blockAt, blocksOf, indented, replaceBlocks, type Source, setBlock } from "../inventory/age-block.ts";
import type { Env } from "../inventory/env.ts";
import { shownPath } from "../inventory/inventory.ts";
import { recipientsIn, recipientsName } from "../inventory/recipients.ts";
import { hintFor } from "../inventory/suggest.ts";
import { parseArguments } from "./arguments.ts";
import { editText } from "./editor.ts";
import { UsageError } from "./options.ts";
import { defaultInventory, runProgram, say, stderr } from "./program.ts";
import { readHidden } from "./prompt.ts";

/** Behind what a command line is to be. */
const MORE = " (--help says more)";

const HELP = `usage: npx zx playbooks/secret.mts COMMAND

  encrypt              read a value from stdin (or ask), print it as an !age block to paste
  encrypt FILE VAR     … and write it into this file instead; nested: all.vars.db_password
  decrypt FILE VAR     print the value
  edit FILE VAR        open the value in $EDITOR and encrypt it again
  rekey FILE…          encrypt all blocks of these files again, to whom recipients.yml names now
  keygen               make a key of your own and print its public half

      --for NAME       encrypt to this list of recipients.yml (default: the file's name, else "all")
  -h, --help

Your key: HOSTWRIGHT_AGE_IDENTITY_FILE, else ~/.config/hostwright/age.txt. Whose keys can decrypt: recipients.yml in the
file's folder or above. docs/secrets.md has more.`;

/** What the program needs from outside. */
export interface SecretPorts {
  readonly env: Env;
  /** Reads the secret from stdin or the terminal. */
  readSecret(): Promise<string>;
  /** To stdout, for machines. */
  print(text: string): void;
  /** To stderr, for people. */
  tell(text: string): void;
}

interface Command {
  /** Counts of arguments that it takes; none: one or more. */
  readonly counts: readonly number[];
  readonly usage: string;
  run(args: readonly string[], list: string | undefined, ports: SecretPorts): Promise<void>;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  encrypt: {
    counts: [0, 2],
    usage: "encrypt, or encrypt FILE VAR",
    run: ([file, name], list, ports) =>
      file !== undefined && name !== undefined ? encryptInto(file, name, list, ports) : encrypt(list, ports),
  },
  decrypt: {
    counts: [2],
    usage: "decrypt FILE VAR",
    run: ([file = "", name = ""], _, ports) => decrypt(file, name, ports),
  },
  edit: {
    counts: [2],
    usage: "edit FILE VAR",
    run: ([file = "", name = ""], list, ports) => edit(file, name, list, ports),
  },
  rekey: { counts: [], usage: "rekey FILE…", run: rekey },
  keygen: { counts: [0], usage: "keygen", run: (_args, _list, ports) => keygen(ports) },
};

/** Runs the program that keeps `!age` secrets when its file (`import.meta.url`) was started; sets the exit code. */
export async function runSecret(url: string): Promise<void> {
  await runProgram(url, async (args) => {
    await secretCommand(args, {
      env: process.env,
      readSecret: () => readHidden("secret"),
      print: say,
      tell: (text) => stderr().write(`${text}\n`),
    });
    return 0;
  });
}

/** Does what a command line of `secret.mts` says. Throws `UsageError` and `InventoryError`. */
export async function secretCommand(args: readonly string[], ports: SecretPorts): Promise<void> {
  const { values, positionals } = parseArguments(args, {
    for: { type: "string" },
    help: { type: "boolean", short: "h" },
  });
  const [name, ...rest] = positionals;
  if (values.help) return ports.print(HELP);
  const command = Object.entries(COMMANDS).find(([word]) => word === name)?.[1];
  if (command === undefined) {
    const names = Object.keys(COMMANDS);
    const found = name === undefined ? "no command" : `the unknown command "${name}"`;
    const hint = hintFor(name ?? "", names);
    throw new UsageError({
      found,
      expected: names.join(", ") + (hint === undefined ? MORE : ""),
      hint: hint && hint + MORE,
    });
  }
  const fits = command.counts.length === 0 ? rest.length > 0 : command.counts.includes(rest.length);
  if (!fits) throw new UsageError({ message: name, found: counted(rest.length), expected: command.usage });
  await command.run(rest, values.for, ports);
}

async function encrypt(list: string | undefined, { env, readSecret, print }: SecretPorts): Promise<void> {
  const folder = dirname(env.HOSTWRIGHT_INVENTORY || (await defaultInventory()));
  const recipients = await recipientsIn(folder, list ?? "all", list !== undefined);
  // As deep as a host's vars stand, so that the block can be pasted anywhere.
  const block = indented(await encryptBlock(await readSecret(), recipients), " ".repeat(12));
  print(`!age |\n${block.trimEnd()}`);
}

async function encryptInto(file: string, name: string, list: string | undefined, ports: SecretPorts): Promise<void> {
  const source = await read(file, true);
  // Refused before the secret is asked for.
  setBlock(source, name, "-");
  const recipients = await recipientsOf(file, list);
  await write(file, name, await ports.readSecret(), { source, recipients, ports });
}

async function decrypt(file: string, name: string, { env, print }: SecretPorts): Promise<void> {
  const source = await read(file);
  const block = blockAt(source, name);
  if (block === undefined)
    throw new UsageError({ message: source.file, found: `no !age block at ${name}`, expected: "one" });
  print(await decryptBlock(block.text, block.place, await readIdentities(env)));
}

async function edit(file: string, name: string, list: string | undefined, ports: SecretPorts): Promise<void> {
  const source = await read(file, true);
  const block = blockAt(source, name);
  setBlock(source, name, "-");
  const recipients = await recipientsOf(file, list);
  const before = block ? await decryptBlock(block.text, block.place, await readIdentities(ports.env)) : "";
  const value = await editText(before, name, ports.env);
  if (value === before) return ports.tell(`${source.file}: ${name} is unchanged`);
  if (value === "")
    throw new UsageError({ found: "an empty text", expected: "the secret", hint: "nothing was changed" });
  await write(file, name, value, { source, recipients, ports });
}

interface Writing {
  readonly source: Source;
  readonly recipients: readonly string[];
  readonly ports: SecretPorts;
}

async function write(file: string, name: string, value: string, { source, recipients, ports }: Writing): Promise<void> {
  await replace(file, setBlock(source, name, await encryptBlock(value, recipients)));
  ports.tell(`${source.file}: ${name} is encrypted to ${counted(recipients.length, "recipient")}`);
}

async function rekey(files: readonly string[], list: string | undefined, { env, tell }: SecretPorts): Promise<void> {
  const identities = await readIdentities(env);
  // Nothing is written before everything could be decrypted.
  const rekeyed = await Promise.all(
    files.map(async (file) => {
      const source = await read(file);
      const blocks = blocksOf(source);
      const recipients = blocks.length > 0 ? await recipientsOf(file, list) : [];
      const values = await Promise.all(blocks.map(({ text, place }) => decryptBlock(text, place, identities)));
      const armored = await Promise.all(values.map((value) => encryptBlock(value, recipients)));
      return { file, source, count: blocks.length, recipients, text: replaceBlocks(source, armored) };
    }),
  );
  for (const { file, source, count, recipients, text } of rekeyed) {
    if (count > 0) await replace(file, text);
    tell(
      `${source.file}: ${counted(count, "block")}${count > 0 ? ` for ${counted(recipients.length, "recipient")}` : ""}`,
    );
  }
}

async function keygen({ env, print, tell }: SecretPorts): Promise<void> {
  const path = identityPath(env);
  const { identity, recipient } = await newIdentity();
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  try {
    await writeFile(path, `# public key: ${recipient}\n${identity}\n`, { mode: 0o600, flag: "wx" });
  } catch (cause) {
    const exists = cause instanceof Error && "code" in cause && cause.code === "EEXIST";
    const found = exists ? "a key, which is not overwritten" : `${cause}`;
    throw new UsageError({ message: shownPath(path), found, expected: "to write a new file" }, { cause });
  }
  tell(`${shownPath(path)} has your key: keep it, and give nobody but its public half, for recipients.yml:`);
  print(recipient);
}

function recipientsOf(file: string, list: string | undefined): Promise<readonly string[]> {
  return recipientsIn(dirname(file), list ?? recipientsName(file), list !== undefined);
}

async function read(file: string, mayBeMissing = false): Promise<Source> {
  try {
    return { file: shownPath(file), text: await readFile(file, "utf8") };
  } catch (cause) {
    const missing = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
    if (missing && mayBeMissing) return { file: shownPath(file), text: "" };
    throw new UsageError(
      { message: shownPath(file), found: missing ? "no such file" : `${cause}`, expected: "a YAML file with vars" },
      { cause },
    );
  }
}

/** Replaces the file in one step, with the mode it has. */
async function replace(file: string, text: string): Promise<void> {
  const target = await realpath(file).catch(() => file);
  const mode = await stat(target).then(
    (found) => found.mode & 0o777,
    () => 0o644,
  );
  const staged = `${target}.${process.pid}.new`;
  await writeFile(staged, text, { mode, flag: "wx" });
  await chmod(staged, mode);
  await rename(staged, target);
}

function counted(count: number, what = "argument"): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

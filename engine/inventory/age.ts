import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type * as Age from "age-encryption";
import { Secret } from "../shell/secret.ts";
import type { Env } from "./env.ts";
import { formatPlace, InventoryError, type Place, shownPath, type VarValue } from "./inventory.ts";
import { secretsIn } from "./problem.ts";

/** The keys that decrypt, and the file they are in, as messages name it. */
export interface Identities {
  readonly file: string;
  readonly keys: readonly string[];
}

/** A secret in an `!age` block. Decryption takes time: `reveal` gives the value only once `unlock` was awaited. */
export class AgeSecret extends Secret {
  readonly block: string;
  readonly place: Place;
  #value: string | InventoryError;

  constructor(block: string, place: Place) {
    super("", "!age");
    this.block = block;
    this.place = place;
    const expected = "a secret of a host that this run is for";
    this.#value = new InventoryError({ place, found: "an !age block that is still locked", expected });
  }

  override reveal(): string {
    if (typeof this.#value === "string") return this.#value;
    throw this.#value;
  }

  get locked(): boolean {
    return typeof this.#value !== "string";
  }

  /** Decrypts. What goes wrong is thrown by `reveal`, so that a secret that nobody uses never matters. */
  async unlock(identities: Identities | InventoryError): Promise<void> {
    try {
      this.#value = await decryptBlock(this.block, this.place, identities);
    } catch (error) {
      if (!(error instanceof InventoryError)) throw error;
      this.#value = error;
    }
  }
}

/** Decrypts every `!age` secret in these values; looks for identities only when there is one. */
export async function unlockSecrets(values: Iterable<VarValue>, env: Env): Promise<void> {
  const own = [...values].flatMap(secretsIn).filter((secret) => secret instanceof AgeSecret);
  const locked = new Set(own.filter((secret) => secret.locked));
  if (locked.size === 0) return;
  const identities = await readIdentities(env).catch((error: unknown) => {
    if (error instanceof InventoryError) return error;
    throw error;
  });
  await Promise.all([...locked].map((secret) => secret.unlock(identities)));
}

/** `HOSTWRIGHT_AGE_IDENTITY_FILE`, else `~/.config/hostwright/age.txt`. */
export function identityPath(env: Env): string {
  return resolve(env.HOSTWRIGHT_AGE_IDENTITY_FILE || join(env.HOME || homedir(), ".config/hostwright/age.txt"));
}

/** Reads the identity file: a key a line, `#` for comments, as age-keygen writes it. Throws InventoryError. */
export async function readIdentities(env: Env): Promise<Identities> {
  const path = identityPath(env);
  const file = shownPath(path);
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message.replace(/, .*/s, "") : String(cause);
    const advice = "npx zx playbooks/secret.mts keygen makes one, HOSTWRIGHT_AGE_IDENTITY_FILE names another file";
    throw new InventoryError(
      { place: whole(file), found: `no age identity (${reason})`, expected: "a file of keys", hint: advice },
      { cause },
    );
  });
  const age = await library();
  const lines = text.split(/\r?\n/).map((line, index) => ({ key: line.trim(), line: index + 1 }));
  const keys = lines.filter(({ key }) => key !== "" && !key.startsWith("#"));
  for (const { key, line } of keys) checkIdentity(age, key, { file, line, column: 1 });
  if (keys.length > 0) return { file, keys: keys.map(({ key }) => key) };
  throw new InventoryError({ place: whole(file), found: "no key in it", expected: "a line AGE-SECRET-KEY-1…" });
}

/** Returns the text of an armored block. Throws InventoryError: no identity fits, or the block is damaged. */
export async function decryptBlock(
  block: string,
  place: Place,
  identities: Identities | InventoryError,
): Promise<string> {
  if (identities instanceof InventoryError) throw withoutIdentity(identities, place);
  const age = await library();
  const decrypter = new age.Decrypter();
  for (const key of identities.keys) decrypter.addIdentity(key);
  let fits = true;
  // Asked last, when none before it could.
  decrypter.addIdentity({
    unwrapFileKey() {
      fits = false;
      return null;
    },
  });
  try {
    return await decrypter.decrypt(age.armor.decode(block), "text");
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const problem = fits
      ? { found: `a damaged !age block (${reason})`, expected: "it as `secret.mts encrypt` printed it" }
      : {
          found: "an !age block for other recipients",
          expected: `one that a key in ${identities.file} decrypts`,
          hint: "ask someone who can to add yours to recipients.yml and run `secret.mts rekey`",
        };
    throw new InventoryError({ place, ...problem }, { cause });
  }
}

/** A block's place, and what is wrong with the identity file. */
function withoutIdentity(cause: InventoryError, place: Place): InventoryError {
  const file = cause.place ? `: ${formatPlace(cause.place)}` : "";
  const message = `found an !age block that cannot be decrypted${file}`;
  return new InventoryError({ ...cause.problems[0], message, place }, { cause });
}

/** Returns an armored block that each of the recipients can decrypt. */
export async function encryptBlock(value: string, recipients: readonly string[]): Promise<string> {
  const age = await library();
  const encrypter = new age.Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  return age.armor.encode(await encrypter.encrypt(value)).trimEnd();
}

/** A new key, and the recipient that belongs to it. */
export async function newIdentity(): Promise<{ readonly identity: string; readonly recipient: string }> {
  const age = await library();
  const identity = await age.generateX25519Identity();
  return { identity, recipient: await age.identityToRecipient(identity) };
}

/** True for a public key of age. */
export async function isRecipient(text: string): Promise<boolean> {
  const age = await library();
  try {
    new age.Encrypter().addRecipient(text);
    return true;
  } catch {
    return false;
  }
}

function checkIdentity(age: typeof Age, key: string, place: Place): void {
  try {
    new age.Decrypter().addIdentity(key);
  } catch {
    // Neither the line nor the library's error is shown: it may be a key with a slip.
    throw new InventoryError({
      place,
      found: "a line that is no age identity",
      expected: "AGE-SECRET-KEY-1… or a # comment",
    });
  }
}

function whole(file: string): Place {
  return { file, line: 0, column: 0 };
}

// Loaded late: it takes a third of a second, and most runs have no !age secret.
function library(): Promise<typeof Age> {
  return import("age-encryption");
}

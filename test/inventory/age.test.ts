import t, { type Test } from "tap";
import { AgeSecret, encryptBlock, newIdentity, unlockSecrets } from "../../engine/inventory/age.ts";
import type { Host } from "../../engine/inventory/inventory.ts";
import { listInventory } from "../../engine/inventory/list.ts";
import { loadInventory } from "../../engine/inventory/load.ts";
import { Secret } from "../../engine/shell/secret.ts";

const mine = await newIdentity();
const theirs = await newIdentity();
const value = "it's $HOME\nand é";
const armored = await encryptBlock(value, [mine.recipient, theirs.recipient]);
const foreign = await encryptBlock("x", [theirs.recipient]);

const inventoryOf = (block: string) =>
  `app:\n  hosts:\n    app-1:\n      password: !age |\n${block.replace(/^/gm, " ".repeat(8))}\n    app-2:\n`;

async function hostOf(t: Test, block: string, identity: string | undefined) {
  const dir = t.testdir({ "hosts.yml": inventoryOf(block), ...(identity !== undefined && { "age.txt": identity }) });
  const inventory = await loadInventory([`${dir}/hosts.yml`], { env: {} });
  const env = { HOSTWRIGHT_AGE_IDENTITY_FILE: `${dir}/age.txt` };
  const secret = inventory.hosts.get("app-1")?.vars.password;
  if (!(secret instanceof AgeSecret)) throw new Error("no !age secret");
  const shown = (text: string) => text.replaceAll(dir.slice(process.cwd().length + 1), "DIR").replaceAll(dir, "DIR");
  return { inventory, env, secret, shown };
}

t.test("!age gives a secret, which can be revealed once it was unlocked", async (t) => {
  const key = `# created: today\n# public key: ${mine.recipient}\n${mine.identity}\n`;
  const { inventory, env, secret } = await hostOf(t, armored, key);
  t.ok(secret instanceof Secret);
  t.throws(() => secret.reveal(), /found an !age block that is still locked/);
  await unlockSecrets(
    [...inventory.hosts.values()].map(({ vars }: Host) => vars),
    env,
  );
  t.equal(secret.reveal(), value);
  t.equal(`${secret}`, "********");
  t.notMatch(JSON.stringify(listInventory(inventory)), /AGE|HOME/);
});

t.test("any of several keys decrypts, and any of several recipients can", async (t) => {
  const { env, secret } = await hostOf(t, armored, `${theirs.identity}\n\n${mine.identity}\n`);
  await unlockSecrets([[{ deep: secret }]], env);
  t.equal(secret.reveal(), value);
});

t.test("what was decrypted is not decrypted a second time", async (t) => {
  const { env, secret } = await hostOf(t, armored, mine.identity);
  await unlockSecrets([secret], env);
  await unlockSecrets([secret], { HOSTWRIGHT_AGE_IDENTITY_FILE: "/nowhere" });
  t.equal(secret.reveal(), value);
});

t.test("without an !age secret nobody looks for a key", async (t) => {
  await t.resolves(unlockSecrets(["plain", { a: new Secret("b", "test") }], { HOME: "/nowhere" }));
});

t.test("an !age secret of another host needs no key", async (t) => {
  const { inventory, env, secret } = await hostOf(t, armored, undefined);
  await unlockSecrets([inventory.hosts.get("app-2")?.vars ?? {}], env);
  t.throws(() => secret.reveal(), {
    name: "InventoryError",
    message:
      /hosts.yml:4:22: found an !age block that is still locked, expected a secret of a host that this run is for/,
  });
});

const lines = armored.split("\n");
const middle = lines[2] ?? "";
const flipped = `${middle.startsWith("A") ? "B" : "A"}${middle.slice(1)}`;

for (const { name, block, identity, message } of [
  {
    name: "no identity file",
    block: armored,
    identity: undefined,
    message:
      "DIR/hosts.yml:4:22: found an !age block that cannot be decrypted: DIR/age.txt: found no age identity (ENOENT: no such file or directory), expected a file of keys; npx zx playbooks/secret.mts keygen makes one, HOSTWRIGHT_AGE_IDENTITY_FILE names another file",
  },
  {
    name: "an empty identity file",
    block: armored,
    identity: "# nothing\n",
    message:
      "DIR/hosts.yml:4:22: found an !age block that cannot be decrypted: DIR/age.txt: found no key in it, expected a line AGE-SECRET-KEY-1…",
  },
  {
    name: "an identity with a slip, which is not shown",
    block: armored,
    identity: `# mine\n${mine.identity.slice(0, -1)}\n`,
    message:
      "DIR/hosts.yml:4:22: found an !age block that cannot be decrypted: DIR/age.txt:2:1: found a line that is no age identity, expected AGE-SECRET-KEY-1… or a # comment",
  },
  {
    name: "another's identity",
    block: foreign,
    identity: mine.identity,
    message:
      "DIR/hosts.yml:4:22: found an !age block for other recipients, expected one that a key in DIR/age.txt decrypts; ask someone who can to add yours to recipients.yml and run `secret.mts rekey`",
  },
  {
    name: "a block without its end",
    block: lines.slice(0, -1).join("\n"),
    identity: mine.identity,
    message:
      "DIR/hosts.yml:4:22: found a damaged !age block (invalid footer), expected it as `secret.mts encrypt` printed it",
  },
  {
    name: "a block with a changed header",
    block: lines.with(-3, `${lines.at(-3)?.startsWith("A") ? "B" : "A"}${lines.at(-3)?.slice(1)}`).join("\n"),
    identity: mine.identity,
    message: /^DIR\/hosts.yml:4:22: found (a damaged !age block \(.+\)|an !age block for other recipients), expected /,
  },
  {
    name: "a block whose recipient was changed",
    block: lines.with(2, flipped).join("\n"),
    identity: mine.identity,
    message: /^DIR\/hosts.yml:4:22: found (a damaged !age block \(.+\)|an !age block for other recipients), expected /,
  },
  {
    name: "text that is no block",
    block: "YWdl",
    identity: mine.identity,
    message:
      "DIR/hosts.yml:4:22: found a damaged !age block (invalid header), expected it as `secret.mts encrypt` printed it",
  },
]) {
  t.test(`${name} is an error where the secret is used`, async (t) => {
    const { inventory, env, secret, shown } = await hostOf(t, block, identity);
    await unlockSecrets(
      [...inventory.hosts.values()].map(({ vars }) => vars),
      env,
    );
    const error = t.throws(() => secret.reveal()) as unknown as Error;
    t.equal(error.name, "InventoryError");
    t.match(shown(error.message), message);
    t.notMatch(error.message, mine.identity.slice(16, 40));
  });
}

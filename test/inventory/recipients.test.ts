import t from "tap";
import { newIdentity } from "../../engine/inventory/age.ts";
import { recipientsIn, recipientsName } from "../../engine/inventory/recipients.ts";

const [one, two] = [(await newIdentity()).recipient, (await newIdentity()).recipient];

t.test("a vars file's list is the one of its name", async (t) => {
  const files = {
    "inventory/prod.yml": "prod",
    "inventory/group_vars/prod.yml": "prod",
    "inventory/group_vars/prod/secrets.yml": "prod",
    "inventory/group_vars/prod": "prod",
    "inventory/host_vars/web.example.com.yaml": "web.example.com",
  };
  for (const [file, name] of Object.entries(files)) t.equal(recipientsName(file), name, file);
});

t.test("recipients come from the nearest file above, by name, else from all", async (t) => {
  const dir = t.testdir({
    "recipients.yml": `all: [${one}]\n`,
    inventory: { "recipients.yml": `all:\n  - ${one} # Kim\nprod: [${two}, ${two}]\n`, group_vars: {} },
  });
  t.same(await recipientsIn(`${dir}/inventory/group_vars`, "prod"), [two]);
  t.same(await recipientsIn(`${dir}/inventory/group_vars`, "dev"), [one]);
  t.same(await recipientsIn(`${dir}/other`, "prod"), [one]);
});

for (const { name, text, list = "prod", strict = false, message } of [
  {
    name: "an empty list",
    text: "all: []\n",
    message:
      "DIR/recipients.yml:1:6: found an empty list, expected a list of age1… keys; `npx zx playbooks/secret.mts keygen` makes one",
  },
  {
    name: "a list that is missing",
    text: "dev: [age1x]\n",
    message: 'DIR/recipients.yml: found no recipients of "prod", expected "prod" or "all" with a list of age1… keys',
  },
  {
    name: "a name that was asked for and mistyped",
    text: "prod: [age1x]\n",
    list: "porduction",
    strict: true,
    message: 'DIR/recipients.yml: found no recipients of "porduction", expected a name in it',
  },
  {
    name: "a key with a slip",
    text: `all:\n  - ${one.slice(0, -1)}\n`,
    message: /^DIR\/recipients.yml:2:5: found "age1.*, expected a public key of age, age1…$/,
  },
  {
    name: "a secret key, which is not shown",
    text: "all: [AGE-SECRET-KEY-1ABC]\n",
    message: "DIR/recipients.yml:1:7: found a secret key, expected its public key, age1…; make a new one",
  },
]) {
  t.test(`${name} of recipients is refused with its place`, async (t) => {
    const dir = t.testdir({ "recipients.yml": text });
    const error = await recipientsIn(dir, list, strict).catch((error: Error) => error);
    if (!(error instanceof Error)) return t.fail("not refused");
    t.equal(error.name, "InventoryError");
    t.match(error.message.replaceAll(dir.slice(process.cwd().length + 1), "DIR"), message);
  });
}

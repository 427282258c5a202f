import t, { type Test } from "tap";
import { passwordsOf } from "../../engine/cli/passwords.ts";
import { InventoryError } from "../../engine/inventory/inventory.ts";
import { loadInventory } from "../../engine/inventory/load.ts";

/** The passwords for a run on `own`; `other` is in the same inventory. */
async function passwords(t: Test, own: string, other = "{}"): Promise<readonly string[]> {
  const dir = t.testdir({ "hosts.yml": `all: {hosts: {own: ${own}, other: ${other}}}\n` });
  const env = { HOME: dir, SET: "from env" };
  const { hosts } = await loadInventory([`${dir}/hosts.yml`], { env, extraVars: [] });
  const found = await passwordsOf([...hosts.values()].slice(0, 1), hosts.values(), env);
  return found.map((secret) => secret.reveal());
}

t.test("passwords of a run are those of its hosts, and what can be read of those it may delegate to", async (t) => {
  t.strictSame(await passwords(t, "{ansible_password: plain, ansible_become_password: !env SET}"), [
    "plain",
    "from env",
  ]);
  t.strictSame(await passwords(t, "{ansible_password: 1234}", "{ansible_become_pass: theirs}"), ["1234", "theirs"]);
  t.strictSame(await passwords(t, "{}", "{ansible_password: !env MISSING, ansible_port: wrong}"), []);
  t.strictSame(await passwords(t, '{ansible_password: ""}'), []);
});

const refused = [
  { vars: "{ansible_password: !env MISSING}", message: /MISSING/ },
  {
    vars: "{ansible_become_user: deploy}",
    message: /ansible_become_user of host "own": found "deploy", expected "root"/,
  },
  { vars: "{ansible_become_method: su}", message: /ansible_become_method .*: found "su", expected "sudo" or "doas"/ },
  { vars: "{ansible_port: wrong}", message: /port/ },
];

for (const { vars, message } of refused) {
  t.test(`before any host is contacted, this is an error with its place: ${vars}`, async (t) => {
    const error: unknown = await passwords(t, vars).catch((thrown: unknown) => thrown);
    t.ok(error instanceof InventoryError);
    t.match(error, { message });
    t.match(error, { message: /hosts\.yml:1:\d+/ });
  });
}

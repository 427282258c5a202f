import { readdirSync, readFileSync } from "node:fs";
import { Ajv } from "ajv";
import t from "tap";
import { readDocument } from "../../engine/inventory/document.ts";
import { hideSecrets } from "../../engine/inventory/problem.ts";
import { files } from "../../playbooks/schema.mts";

const shipped = readdirSync("inventory", { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".yml") && path !== "recipients.yml")
  .map((path) => `inventory/${path}`);

for (const [path, text] of Object.entries(files)) {
  t.test(`${path} is what the roles' schemas say now; if not, run: npm run generate`, async (t) => {
    t.equal(readFileSync(path, "utf8"), text, "npm run generate");
  });
}

// Editors know no formats but those of JSON Schema, and let the others be.
const ajv = new Ajv({ allErrors: true, allowUnionTypes: true, validateFormats: false });
const schemaOf = (path: string) => (/_vars\//.test(path) ? "inventory/vars.schema.json" : "inventory/schema.json");
const validators = new Map(
  Object.keys(files)
    .filter((path) => path.endsWith(".json"))
    .map((path) => [path, ajv.compile(JSON.parse(readFileSync(path, "utf8")))]),
);

/** What an editor that knows our tags would complain about. */
function problems(path: string, text: string): readonly string[] {
  const validate = validators.get(schemaOf(path));
  const value = readDocument(text, path, {})?.value ?? null;
  if (validate === undefined || validate(hideSecrets(value))) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${params.additionalProperty ?? message}`,
  );
}

for (const path of shipped) {
  t.test(`${path} names its schema in its first line and is valid`, async (t) => {
    const text = readFileSync(path, "utf8");
    const relative = `${path.includes("_vars/") ? "../" : ""}${schemaOf(path).replace("inventory/", "")}`;
    t.equal(text.split("\n", 1)[0], `# yaml-language-server: $schema=${relative}`);
    t.same(problems(path, text), []);
  });
}

for (const { name, path = "inventory/x.yml", text, found } of [
  {
    name: "an unknown var of a host",
    text: "app: { hosts: { a: { node_exporter_prt: 1 } } }",
    found: ["/app/hosts/a node_exporter_prt"],
  },
  {
    name: "a mistyped value of a group",
    text: "all: { children: { app: { vars: { tracing_enable: 'on' } } } }",
    found: ["/all/children/app/vars/tracing_enable must be boolean"],
  },
  { name: "a mistyped key of a group", text: "app: { host: { a: } }", found: ["/app host"] },
  { name: "a mistyped var of Ansible", text: "app: { vars: { ansible_usr: x } }", found: ["/app/vars ansible_usr"] },
  {
    name: "an unknown var in group_vars",
    path: "inventory/group_vars/x.yml",
    text: "loki_prt: 1",
    found: [" loki_prt"],
  },
  { name: "nothing in an empty vars file", path: "inventory/group_vars/x.yml", text: "# later\n", found: [] },
  {
    name: "nothing in vars that only Ansible uses",
    text: "app: { hosts: { a: { ansible_python_interpreter: /x, ansible_docker_extra_args: y, ansible_port: '22' } }, vars: }",
    found: [],
  },
  { name: "nothing in a secret", text: "monitoring: { vars: { grafana_admin_password: !env X } }", found: [] },
]) {
  t.test(`the schema finds ${name}`, async (t) => {
    t.same(problems(path, text), found);
  });
}

t.test("each var has a description, for editors and docs/vars.md", async (t) => {
  const { properties } = JSON.parse(files["inventory/vars.schema.json"] ?? "");
  t.same(
    Object.entries<{ description?: string }>(properties).filter(([, { description }]) => !description),
    [],
  );
  t.ok(Object.keys(properties).length > 40);
});

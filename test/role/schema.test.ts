import t from "tap";
import { integer, list, oneOf, optional, port, readVars, secret, string } from "../../engine/role/schema.ts";
import { Secret } from "../../engine/shell/secret.ts";

const schema = {
  environment: string("the environment", { pattern: "^[a-z]+$" }),
  grafana_port: port("where Grafana answers", { default: 80 }),
  retention_days: integer("days", { default: 15, minimum: 1 }),
  mirrors: list("registry mirrors", string("an URL"), { default: [] }),
  agent: oneOf("the agent", ["promtail", "alloy"], { default: "promtail" }),
  url: optional(string("what people type")),
  password: optional(secret("the admin's password")),
  hook: optional(secret("where alerts go", { format: "webhook" })),
  day: optional(string("from when on", { format: "day" })),
};

t.test("defaults fill in what is not given, other roles' vars are left out", async (t) => {
  t.same(readVars(schema, { environment: "dev", other: 1 }), {
    value: {
      environment: "dev",
      grafana_port: 80,
      retention_days: 15,
      mirrors: [],
      agent: "promtail",
      url: undefined,
      password: undefined,
      hook: undefined,
      day: undefined,
    },
  });
});

t.test("the static type is the schema's", async (t) => {
  const reading = readVars(schema, { environment: "dev" });
  if ("errors" in reading) throw new Error("unexpected");
  const { grafana_port, agent, url }: { grafana_port: number; agent: "promtail" | "alloy"; url: string | undefined } =
    reading.value;
  t.same([grafana_port, agent, url], [80, "promtail", undefined]);
});

t.test("only a var that says so may be a secret", async (t) => {
  const value = new Secret("s3cret", "test");
  const good = readVars(schema, { environment: "dev", password: value });
  t.equal("value" in good && good.value.password, value);
  t.match(readVars(schema, { environment: "dev", url: value }), {
    errors: [{ keyword: "type", instancePath: "/url" }],
  });
});

t.test("the format of a secret is not for its schema: nobody knows its text yet", async (t) => {
  t.ok("value" in readVars(schema, { environment: "dev", hook: new Secret("no URL", "test") }));
  t.equal(schema.hook.secretFormat, "webhook");
  t.notOk("format" in schema.hook.json);
});

const wrong = [
  { vars: {}, error: { keyword: "required", params: { missingProperty: "environment" } } },
  { vars: { environment: "Dev" }, error: { keyword: "pattern", instancePath: "/environment" } },
  { vars: { environment: "dev", grafana_port: "80" }, error: { keyword: "type", instancePath: "/grafana_port" } },
  { vars: { environment: "dev", grafana_port: 70000 }, error: { keyword: "maximum" } },
  { vars: { environment: "dev", agent: "alloi" }, error: { keyword: "enum" } },
  { vars: { environment: "dev", day: "2025-02-30" }, error: { keyword: "format", instancePath: "/day" } },
  { vars: { environment: "dev", mirrors: [1] }, error: { keyword: "type", instancePath: "/mirrors/0" } },
];

for (const { vars, error } of wrong) {
  t.test(`vars ${JSON.stringify(vars)} are refused`, async (t) => {
    t.match(readVars(schema, vars), { errors: [error] });
  });
}

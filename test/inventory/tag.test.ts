import t from "tap";
import { scalarValue } from "../../engine/inventory/tag.ts";
import { Secret } from "../../engine/shell/secret.ts";
import { refuses } from "./refused.ts";

refuses(t, [
  {
    name: "an unknown tag",
    text: "a:\n  vars:\n    password: !enV NAME\n",
    message:
      'DIR/hosts.yml:3:20: found the unknown tag !enV, expected !env, !file, !age, !unsafe or none; did you mean "!env"?',
  },
  {
    name: "an unknown tag of a list",
    text: "a:\n  vars:\n    list: !set [1]\n",
    message: "DIR/hosts.yml:3:16: found the unknown tag !set, expected !env, !file, !age, !unsafe or none",
  },
  {
    name: "a tag of YAML that means nothing here",
    text: "a:\n  vars:\n    data: !!binary aGk=\n",
    message: "DIR/hosts.yml:3:20: found the unknown tag !!binary, expected !env, !file, !age, !unsafe or none",
  },
  {
    name: "a tag that does not fit",
    text: "a:\n  vars:\n    n: !!int twelve\n",
    message: 'DIR/hosts.yml:3:14: found "twelve", expected what its tag !!int says',
  },
  {
    name: "!env without a name",
    text: "a:\n  vars:\n    password: !env\n",
    message: 'DIR/hosts.yml:3:19: found !env "", expected the name of an environment variable',
  },
  {
    name: "!file without a path",
    text: "a:\n  vars:\n    password: !file\n",
    message: "DIR/hosts.yml:3:20: found !file without a path, expected the path of a file beside this one",
  },
  {
    name: "!age without a block",
    text: "a:\n  vars:\n    password: !age\n",
    message: "DIR/hosts.yml:3:19: found !age without a block, expected what `secret.mts encrypt` prints",
  },
  {
    name: "!vault",
    text: "a:\n  vars:\n    password: !vault |\n      $ANSIBLE_VAULT;1.1;AES256\n",
    message:
      "DIR/hosts.yml:3:22: found !vault, which only Ansible can decrypt, expected !age: `ansible-vault decrypt`, then `secret.mts encrypt`",
  },
  {
    name: "a number that is too long",
    text: "a:\n  vars:\n    id: 12345678901234567890\n",
    message:
      "DIR/hosts.yml:3:9: found the number 12345678901234567890, which is too long to keep its digits, expected it in quotes",
  },
]);

const place = { file: "x.yml", line: 1, column: 1 };

// What `python3 -c 'import yaml; print(yaml.safe_load(…))'` gives.
const scalars: readonly (readonly [string, string | number | boolean | null])[] = [
  ["yes", true],
  ["No", false],
  ["ON", true],
  ["off", false],
  ["TRUE", true],
  ["y", "y"],
  ["N", "N"],
  ["yEs", "yEs"],
  ["~", null],
  ["null", null],
  ["", null],
  ["nil", "nil"],
  ["12", 12],
  ["-1", -1],
  ["+12", 12],
  ["0", 0],
  ["010", 8],
  ["08", "08"],
  ["0o17", "0o17"],
  ["0x1F", 31],
  ["-0x10", -16],
  ["0b101", 5],
  ["1_000", 1000],
  ["1:30", 90],
  ["190:20:30", 685230],
  ["-1:30", -90],
  ["1:60", "1:60"],
  ["00:16", "00:16"],
  ["1.5", 1.5],
  ["1e3", "1e3"],
  ["1.5e+3", 1500],
  ["1.5e3", "1.5e3"],
  [".5", 0.5],
  ["1.", 1],
  ["-.5", "-.5"],
  ["20:30.15", 1230.15],
  ["3.4.1", "3.4.1"],
  ["10.0.0.1", "10.0.0.1"],
  ["2020-01-01", "2020-01-01"],
  [".", "."],
  ["-", "-"],
];

t.test("a scalar without quotes means what PyYAML makes of it", async (t) => {
  for (const [text, value] of scalars) {
    t.equal(scalarValue({ text, tag: undefined, plain: true, place }, {}), value, JSON.stringify(text));
    t.equal(scalarValue({ text, tag: undefined, plain: false, place }, {}), text, `quoted ${text}`);
  }
});

const secret = (tag: string, text: string, env = {}, file = "x.yml") => {
  const value = scalarValue({ text, tag, plain: true, place: { file, line: 3, column: 7 } }, env);
  return value instanceof Secret ? value : t.fail("not a secret");
};

t.test("!env gives the variable's value and prints as a mask", async (t) => {
  const value = secret("!env", "GRAFANA_PASSWORD", { GRAFANA_PASSWORD: "s3cret" }) as Secret;
  t.equal(value.reveal(), "s3cret");
  t.equal(JSON.stringify({ value }), '{"value":"********"}');
});

t.test("!env of a missing or empty variable fails only when it is revealed", async (t) => {
  const missing = secret("!env", "GRAFANA_PASSWORD") as Secret;
  const empty = secret("!env", "GRAFANA_PASSWORD", { GRAFANA_PASSWORD: "" }) as Secret;
  t.throws(() => missing.reveal(), {
    name: "InventoryError",
    message:
      "x.yml:3:7: found no environment variable GRAFANA_PASSWORD, expected the secret in it; export GRAFANA_PASSWORD=…",
  });
  t.throws(() => empty.reveal(), {
    message:
      "x.yml:3:7: found the environment variable GRAFANA_PASSWORD empty, expected the secret in it; export GRAFANA_PASSWORD=…",
  });
});

t.test("!file gives the content of a file beside the inventory, without its last newline", async (t) => {
  const dir = t.testdir({ secrets: { one: "two\nlines\n" } });
  t.equal((secret("!file", "secrets/one", {}, `${dir}/x.yml`) as Secret).reveal(), "two\nlines");
  const missing = secret("!file", "secrets/two", {}, `${dir}/x.yml`) as Secret;
  t.throws(() => missing.reveal(), {
    message: `${dir}/x.yml:3:7: found no secret in ${dir}/secrets/two (ENOENT: no such file or directory), expected a file that can be read`,
  });
});

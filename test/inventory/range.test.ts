import t from "tap";
import { expandHostKey, splitAddress } from "../../engine/inventory/range.ts";
import { refuses } from "./refused.ts";

refuses(t, [
  {
    name: "a range without end",
    text: "a:\n  hosts:\n    web[1:]:\n",
    message: 'DIR/hosts.yml:3:5: found the host range "web[1:]", expected [begin:end] or [begin:end:step]',
  },
  {
    name: "a range of one",
    text: "a:\n  hosts:\n    web[1]:\n",
    message: 'DIR/hosts.yml:3:5: found the host range "web[1]", expected [begin:end] or [begin:end:step]',
  },
  {
    name: "a range backwards",
    text: "a:\n  hosts:\n    web[9:1]:\n",
    message: 'DIR/hosts.yml:3:5: found the host range "web[9:1]", expected begin before end',
  },
  {
    name: "a range of two lengths",
    text: "a:\n  hosts:\n    web[01:100]:\n",
    message: 'DIR/hosts.yml:3:5: found the host range "web[01:100]", expected begin and end of the same length',
  },
  {
    name: "a range of a letter and a number",
    text: "a:\n  hosts:\n    web[a:9]:\n",
    message: 'DIR/hosts.yml:3:5: found the host range "web[a:9]", expected two numbers or two letters',
  },
  {
    name: "a range with step 0",
    text: "a:\n  hosts:\n    web[1:9:0]:\n",
    message: 'DIR/hosts.yml:3:5: found the host range "web[1:9:0]", expected a step of 1 or more',
  },
  {
    name: "a range that is not closed",
    text: "a:\n  hosts:\n    web[1:9:\n",
    message: 'DIR/hosts.yml:3:5: found the host range "web[1:9", expected each [ to be closed',
  },
  {
    name: "a range without measure",
    text: "a:\n  hosts:\n    web[1:9000000000]:\n",
    message: 'DIR/hosts.yml:3:5: found the host range "web[1:9000000000]", expected at most 10000 hosts',
  },
]);

const place = { file: "x.yml", line: 1, column: 1 };

const keys: readonly (readonly [string, readonly string[], number?])[] = [
  ["web", ["web"]],
  ["web[1:3]", ["web1", "web2", "web3"]],
  ["web[08:10]", ["web08", "web09", "web10"]],
  ["web[:2]", ["web0", "web1", "web2"]],
  ["web[1:9:4]", ["web1", "web5", "web9"]],
  ["db-[a:e:2]", ["db-a", "db-c", "db-e"]],
  ["[a:b][1:2]", ["a1", "a2", "b1", "b2"]],
  ["10.0.0.[9:10]", ["10.0.0.9", "10.0.0.10"]],
  ["web[1:2].example.com:2200", ["web1.example.com", "web2.example.com"], 2200],
  ["[2001:db8::1]:22", ["2001:db8::1"], 22],
  ["2001:db8::1", ["2001:db8::1"]],
  ["not a name:22", ["not a name:22"]],
];

for (const [key, names, port] of keys) {
  t.test(`the host key ${key} names ${names.join(" ")}`, async (t) => {
    t.strictSame(expandHostKey(key, place), { names, port });
  });
}

t.test("splitAddress tells an address from a list of patterns", async (t) => {
  for (const text of ["web", "web[1:3]", "fe80::1", "10.0.0.1:22", "a.b-c"]) t.ok(splitAddress(text), text);
  for (const text of ["app:db", "app:&dev", "~web", "web*", "app[0]", "web-", ""]) t.notOk(splitAddress(text), text);
});

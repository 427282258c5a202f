import t from "tap";
import { parse } from "yaml";
import { render, template } from "../../engine/role/template.ts";
import { Secret } from "../../engine/shell/secret.ts";

const hostile = [
  "",
  "a: b",
  "- x",
  "{{x}}",
  '"',
  "'",
  "# no comment",
  "two\nlines",
  "%n $HOME \\",
  "true",
  "0755",
  "é",
  "&a *b !c",
];

t.test("any value comes out of a YAML template as it went in", async (t) => {
  for (const value of hostile) {
    const text = render("t.yml.hbs", "a: {{yaml value}}\nlist: {{yaml list}}\n", { value, list: [value, 1] });
    t.same(parse(String(text)), { a: value, list: [value, 1] });
  }
});

t.test("a unit file's value stays one word and starts no specifier or variable", async (t) => {
  t.equal(
    render("u.service.hbs", "ExecStart=/bin/x {{systemd a}} {{systemd b}}", { a: "--x=%n", b: 'a b$c"d' }),
    'ExecStart=/bin/x --x=%%n "a b$$c\\"d"',
  );
  t.throws(
    () => render("u.service.hbs", "X={{systemd a}}", { a: "1\nExecStart=/bin/evil" }),
    /templates\/u\.service\.hbs.*more than one line/,
  );
});

t.test("an environment file's value is quoted where a reader would change it", async (t) => {
  t.equal(
    render("e.hbs", "A={{env a}}\nB={{env b}}", { a: "plain-1", b: 'a "b" $c' }),
    'A=plain-1\nB="a \\"b\\" \\$c"',
  );
});

const wrong = [
  {
    name: "a missing value",
    source: "a: 1\nb: {{yaml nothing}}\n",
    message: /t\.yml\.hbs:2:4: found \{\{yaml nothing\}\}, expected a value/,
  },
  {
    name: "a missing value deep down",
    source: "b: {{yaml a.b}}\n",
    message: /t\.yml\.hbs:1:4: found \{\{yaml a\.b\}\}, expected a value/,
  },
  {
    name: "a missing list",
    source: "{{#each nothing}}\n{{/each}}\n",
    message: /t\.yml\.hbs:1:1: found \{\{#each nothing\}\}, expected a value/,
  },
  {
    name: "a value without a format",
    source: "a: x\n\nb: {{value}}\n",
    message: /t\.yml\.hbs:3:4: found \{\{value\}\}, expected a format: \{\{json …\}\}, /,
  },
  {
    name: "a value without a format in a block",
    source: "{{#each list}}\n- {{this}}\n{{/each}}\n",
    message: /t\.yml\.hbs:2:3/,
  },
  {
    name: "an unknown helper",
    source: "b: {{ymal value}}\n",
    message: /t\.yml\.hbs:1:4: found \{\{ymal\}\}, expected a format/,
  },
  {
    name: "a syntax error",
    source: "a\n{{#if}\n",
    message: /t\.yml\.hbs:2: found broken Handlebars \(unexpected INVALID\), expected/,
  },
  {
    name: "what renders to broken YAML",
    source: "a: [\n",
    message: /t\.yml\.hbs: found a result that cannot be read \(.*\), expected YAML/,
  },
];

for (const { name, source, message } of wrong) {
  t.test(`${name} is refused with its place`, async (t) => {
    t.throws(() => render("t.yml.hbs", source, { value: "x", list: ["x"] }), { message });
  });
}

t.test("a text that holds a secret is a secret", async (t) => {
  const text = render("t.yml.hbs", "a: {{yaml password}}\n", { password: new Secret("hunter2", "test") });
  t.type(text, Secret);
  t.equal(String(text), "********");
  t.equal(text instanceof Secret && text.reveal(), 'a: "hunter2"\n');
});

t.test("a template that is not there is named", async (t) => {
  t.throws(() => template("nowhere/x.hbs", {}), /templates\/nowhere\/x\.hbs: found no such file, expected/);
});

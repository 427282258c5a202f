import t from "tap";
import { parse } from "yaml";
import { render, templatesIn } from "../../engine/role/template.ts";
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
    const text = render("templates/t.yml.hbs", "a: {{yaml value}}\nlist: {{yaml list}}\n", { value, list: [value, 1] });
    t.same(parse(String(text)), { a: value, list: [value, 1] });
  }
});

t.test("a unit file's value stays one word and starts no specifier or variable", async (t) => {
  t.equal(
    render("templates/u.service.hbs", "ExecStart=/bin/x {{systemd a}} {{systemd b}}", { a: "--x=%n", b: 'a b$c"d' }),
    'ExecStart=/bin/x --x=%%n "a b$$c\\"d"',
  );
  t.throws(
    () => render("templates/u.service.hbs", "X={{systemd a}}", { a: "1\nExecStart=/bin/evil" }),
    /templates\/u\.service\.hbs.*more than one line/,
  );
});

t.test("a dollar is doubled in commands, where systemd reads variables, and nowhere else", async (t) => {
  const source =
    "[Service]\nExecStart=/bin/x \\\n  --y \\\n{{#if a}}\n  --z \\\n{{/if}}\n  {{systemd a}}\nEnvironment={{systemd a}}\nExecStop={{systemd a}}\n";
  t.equal(
    render("templates/u.service.hbs", source, { a: "a$b" }),
    "[Service]\nExecStart=/bin/x \\\n  --y \\\n  --z \\\n  a$$b\nEnvironment=a$b\nExecStop=a$$b\n",
  );
});

t.test("characters that a reader would change are kept as escapes, or refused with their place", async (t) => {
  const fragile = "a\u007fb\u0080c\u0085d\u009fe\u2028f\u2029g\ufeffh";
  const yaml = String(render("templates/t.yml.hbs", "a: {{yaml fragile}}\n", { fragile }));
  t.match(yaml, /^[\n\x20-\x7e]+$/, "nothing but ASCII");
  t.same(parse(yaml), { a: fragile });
  for (const char of ["\u007f", "\u0080", "\u0085", "\u0001", "\u2028"])
    t.throws(() => render("templates/u.service.hbs", "A={{systemd a}}", { a: `x${char}` }), {
      message:
        "templates/u.service.hbs:1:3: found a control character in {{systemd a}}, expected one line of plain text",
    });
  t.throws(() => render("templates/e.hbs", "A={{env a}}", { a: "x\ud800" }), /found half a character in \{\{env a\}\}/);
});

t.test("an environment file's value is quoted where a reader would change it", async (t) => {
  t.equal(
    render("templates/e.hbs", "A={{env a}}\nB={{env b}}", { a: "plain-1", b: 'a "b" $c' }),
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
    t.throws(() => render("templates/t.yml.hbs", source, { value: "x", list: ["x"] }), { message });
  });
}

t.test("a text that holds a secret is a secret", async (t) => {
  const text = render("templates/t.yml.hbs", "a: {{yaml password}}\n", { password: new Secret("hunter2", "test") });
  t.type(text, Secret);
  t.equal(String(text), "********");
  t.equal(text instanceof Secret && text.reveal(), 'a: "hunter2"\n');
});

t.test("a template that is not there is named", async (t) => {
  t.throws(
    () => templatesIn(new URL("../../templates/", import.meta.url))("nowhere/x.hbs", {}),
    /templates\/nowhere\/x\.hbs: found no such file, expected/,
  );
});

import { readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, normalize } from "node:path";
import t from "tap";

/** Who may import whom (docs/architecture.md), by folder: folders of ours, then packages. */
const rules: Readonly<Record<string, readonly [folders: readonly string[], packages: readonly string[]]>> = {
  "engine/shell": [[], []],
  "engine/format": [[], ["re2js"]],
  "engine/facts": [["engine/shell"], []],
  "engine/resource": [["engine/shell"], []],
  "engine/inventory": [
    ["engine/shell", "engine/format"],
    ["yaml", "ajv", "age-encryption"],
  ],
  "engine/connection": [["engine/shell"], ["node-ssh"]],
  "engine/role": [
    ["engine/resource", "engine/facts", "engine/shell", "engine/format"],
    ["ajv", "handlebars", "yaml"],
  ],
  "engine/run": [
    [
      "engine/shell",
      "engine/format",
      "engine/facts",
      "engine/resource",
      "engine/inventory",
      "engine/connection",
      "engine/role",
    ],
    [],
  ],
  "engine/report": [["engine/run"], ["diff", "log-update"]],
  "engine/cli": [
    [
      "engine/shell",
      "engine/format",
      "engine/facts",
      "engine/resource",
      "engine/inventory",
      "engine/connection",
      "engine/role",
      "engine/run",
      "engine/report",
    ],
    [],
  ],
  engine: [
    [
      "engine/shell",
      "engine/format",
      "engine/facts",
      "engine/inventory",
      "engine/resource",
      "engine/role",
      "engine/cli",
    ],
    [],
  ],
  roles: [["engine"], ["@grafana/grafana-foundation-sdk", "bcryptjs"]],
  inventory: [["engine"], ["zx"]],
  playbooks: [["engine", "roles"], ["zx"]],
};

const onlyImporter: Readonly<Record<string, string>> = {
  "log-update": "engine/report/live.ts",
  "node-ssh": "engine/connection/ssh.ts",
  bcryptjs: "roles/bcrypt.ts",
  handlebars: "engine/role/template.ts",
  "age-encryption": "engine/inventory/age.ts",
  re2js: "engine/format/re2.ts",
};

/** The engine, as its users import it. */
const OWN: Readonly<Record<string, string>> = { hostwright: "engine/index.ts" };

interface Import {
  readonly from: string;
  readonly name: string;
  readonly target: string | undefined;
  readonly isType: boolean;
}

const files = ["engine", "roles", "inventory", "playbooks"].flatMap((root) =>
  readdirSync(root, { recursive: true, encoding: "utf8" })
    .map((path) => join(root, path))
    .filter((path) => /\.m?ts$/.test(path)),
);
const imports = files.flatMap(importsOf);

t.test("every import is one that its folder may have", async (t) => {
  const wrong = imports.filter(({ from, name, target }) => !allowed(from, name, target));
  t.same(
    wrong.map(({ from, name }) => `${from} imports ${name}`),
    [],
  );
});

t.test(
  "roles, inventories and playbooks see the engine as the package hostwright, and the engine sees nothing of them",
  async (t) => {
    const inside = imports.filter(({ from, target }) => !from.startsWith("engine/") && target?.startsWith("engine/"));
    t.same(
      inside.filter(({ name }) => name !== "hostwright").map(({ from, name }) => `${from} imports ${name}`),
      [],
    );
    const words = /\b(docker\/|grafana|loki|prometheus|promtail|tempo|alloy|node_exporter|fittoring)/i;
    t.same(
      files.filter((file) => file.startsWith("engine/") && words.test(readFileSync(file, "utf8"))),
      [],
    );
  },
);

t.test("reports know events only, and only as types", async (t) => {
  const reports = imports.filter(
    ({ from, target }) => from.startsWith("engine/report/") && target?.startsWith("engine/run/"),
  );
  t.same(
    reports.filter(({ target, isType }) => target !== "engine/run/event.ts" || !isType).map(({ name }) => name),
    [],
  );
});

t.test("reports read events as data: none takes a text apart to learn from it", async (t) => {
  // These two make any text safe to show, a line at a time.
  const safe = ["engine/report/terminal.ts", "engine/report/xml.ts"];
  const taking = /\.(exec|match|matchAll|search|split|test)\(/;
  const reports = files.filter((file) => file.startsWith("engine/report/") && !safe.includes(file));
  t.ok(reports.length > 5);
  t.same(
    reports.flatMap((file) =>
      readFileSync(file, "utf8")
        .split("\n")
        .filter((line) => taking.test(line))
        .map((line) => `${file}: ${line.trim()}`),
    ),
    [],
  );
});

t.test("node-ssh, handlebars, bcryptjs, age-encryption and re2js have one importer each", async (t) => {
  const others = imports.filter(({ from, name }) => onlyImporter[name] && onlyImporter[name] !== from);
  t.same(
    others.map(({ from, name }) => `${from} imports ${name}`),
    [],
  );
});

t.test("what is pure does no input or output", async (t) => {
  const pure = /^engine\/(shell|resource|facts|run\/(plan|converge|host-state|mask|work))/;
  const io = /^node:(fs|net|child_process|http|https|dgram|tls|process|readline)/;
  t.same(
    imports
      .filter(({ from, name }) => pure.test(from) && io.test(name))
      .map(({ from, name }) => `${from} imports ${name}`),
    [],
  );
});

t.test("no import cycle", async (t) => {
  const graph = new Map(
    files.map((file) => [
      file,
      imports.filter(({ from, isType }) => from === file && !isType).flatMap(({ target }) => target ?? []),
    ]),
  );
  t.same(
    files.flatMap((file) => cycleFrom(file, graph)),
    [],
  );
});

t.test("no file is longer than 250 lines", async (t) => {
  t.same(
    files.filter((file) => readFileSync(file, "utf8").split("\n").length > 251),
    [],
  );
});

function importsOf(from: string): readonly Import[] {
  const found = readFileSync(from, "utf8").matchAll(
    /^(?:import|export) (type )?[^"']*?from "([^"]+)"|^import "([^"]+)"/gms,
  );
  return [...found].map(([, isType, named, bare]) => {
    const name = named ?? bare ?? "";
    return {
      from,
      name,
      target: name.startsWith(".") ? normalize(join(dirname(from), name)) : OWN[name],
      isType: isType !== undefined,
    };
  });
}

function allowed(from: string, name: string, target: string | undefined): boolean {
  const folder = Object.keys(rules).find((rule) =>
    rule === "engine" ? dirname(from) === rule : from.startsWith(`${rule}/`),
  );
  const [folders, packages] = rules[folder ?? ""] ?? [[], []];
  if (target === undefined)
    return packages.includes(packageOf(name)) || name.startsWith("node:") || builtinModules.includes(name);
  return [folder, ...folders].some(
    (one) => one !== undefined && (one === "engine" ? dirname(target) === one : target.startsWith(`${one}/`)),
  );
}

/** Without the path inside it: `@scope/name/part` is of `@scope/name`. */
function packageOf(name: string): string {
  return name
    .split("/")
    .slice(0, name.startsWith("@") ? 2 : 1)
    .join("/");
}

function cycleFrom(start: string, graph: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const visit = (file: string, path: readonly string[]): readonly string[] | undefined => {
    if (path.includes(file)) return file === start ? [...path, file] : undefined;
    return (graph.get(file) ?? []).map((next) => visit(next, [...path, file])).find((found) => found !== undefined);
  };
  const cycle = visit(start, []);
  return cycle ? [cycle.join(" → ")] : [];
}

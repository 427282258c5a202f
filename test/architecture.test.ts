import { readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { basename, dirname } from "node:path";
import t from "tap";
import { codeOf, cyclesOf, functionLengths, importsOf, sourcesOf } from "./support/sources.ts";

const below = ["shell", "format", "facts", "resource", "inventory", "connection", "role"].map((one) => `engine/${one}`);

/** Who may import whom (docs/architecture.md), by folder: folders of ours, then packages. */
const rules: Readonly<Record<string, readonly [folders: readonly string[], packages: readonly string[]]>> = {
  "engine/shell": [[], []],
  "engine/format": [[], ["re2js"]],
  "engine/facts": [["engine/shell"], []],
  "engine/resource": [["engine/shell", "engine/format"], []],
  "engine/inventory": [
    ["engine/shell", "engine/format"],
    ["yaml", "ajv", "age-encryption"],
  ],
  "engine/connection": [["engine/shell"], ["node-ssh"]],
  "engine/role": [
    ["engine/resource", "engine/facts", "engine/shell", "engine/format"],
    ["ajv", "handlebars", "yaml"],
  ],
  "engine/run": [below, []],
  "engine/report": [["engine/run"], ["diff", "log-update"]],
  "engine/cli": [[...below, "engine/run", "engine/report"], []],
  engine: [[...below.filter((one) => one !== "engine/connection"), "engine/cli"], []],
  roles: [["engine"], ["bcryptjs"]],
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

const files = sourcesOf(["engine", "roles", "inventory", "playbooks"]);
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

t.test("no import cycle, of types neither", async (t) => {
  t.same(cyclesOf(imports), []);
});

t.test("no file is longer than 250 lines", async (t) => {
  t.same(
    files.filter((file) => readFileSync(file, "utf8").split("\n").length > 251),
    [],
  );
});

t.test("half of all functions have no more than 6 lines", async (t) => {
  const lengths = files.filter((file) => /^(engine|roles)\//.test(file)).flatMap(functionLengths);
  const median = lengths.toSorted((a, b) => a - b)[Math.floor(lengths.length / 2)] ?? Number.NaN;
  t.ok(lengths.length > 1000, `${lengths.length} functions`);
  t.ok(median <= 6, `${median} lines`);
});

/** The folder below roles/, or templates/, that a file is in; "" for what is in none. */
const folderOf = (file = "") => /^(?:roles|templates)\/([\w-]+)\//.exec(file)?.[1] ?? "";
const inRoles = imports.filter(({ from, target }) => from.startsWith("roles/") && target?.startsWith("roles/"));
/** Each has a folder, and is in one of these lists. */
const lists = ["roles/monitoring/services.ts", "roles/app/services.ts"];
const services = inRoles.flatMap(({ from, target }) =>
  lists.includes(from) && target?.endsWith("/index.ts") ? [folderOf(target)] : [],
);
/** Who reads the lists, and the roles that are lists: each may use what stands behind it. */
const readers = ["updates", "backup", "exposure", "verify", "preflight", "app", "monitoring"];
/** What several services are made of. */
const shared = ["log-agent", "dashboards", "runs"];

t.test("below roles/ there are services, who reads them, and what several are made of", async (t) => {
  t.ok(services.length > 8);
  const folders = new Set(files.filter((file) => file.startsWith("roles/")).map(folderOf));
  t.same([...folders].sort(), ["", ...services, ...readers, ...shared].sort());
});

t.test("a service knows of others what they have for others; its index.ts is for the lists", async (t) => {
  const open = /\/(vars|push|ask|site|login|address)\.ts$/;
  const agents = ["promtail imports log-agent", "alloy imports log-agent"];
  const known = [
    "roles/application/index.ts imports roles/prometheus/proof.ts",
    "roles/prometheus/scrapes.ts imports roles/app/services.ts",
  ];
  const wrong = inRoles.filter(({ from, target = "" }) => {
    const [one, other] = [folderOf(from), folderOf(target)];
    if (![...services, ...shared].includes(one) || one === other || ["", "dashboards", "runs"].includes(other))
      return false;
    return readers.includes(other) || (!open.test(target) && !agents.includes(`${one} imports ${other}`));
  });
  t.same(wrong.map(({ from, target }) => `${from} imports ${target}`).sort(), known);
  const common = inRoles.filter(({ from, target }) => folderOf(from) === "" && folderOf(target) !== "");
  t.same(
    common.map(({ from, target }) => `${from} imports ${target}`).sort(),
    [
      "roles/publish.ts imports roles/gateway/vars.ts",
      "roles/services.ts imports roles/app/services.ts",
      "roles/services.ts imports roles/monitoring/services.ts",
    ],
    "what all share knows no service",
  );
});

t.test("who reads the lists uses others in one direction, and names no service", async (t) => {
  const backwards = inRoles.filter(({ from, target = "" }) => {
    const [one, other] = [from, target].map((file) => readers.indexOf(folderOf(file)));
    return (
      one !== undefined && other !== undefined && one >= 0 && other >= 0 && other < one && !/vars\.ts$/.test(target)
    );
  });
  t.same(backwards, []);
  const folds = /^roles\/(exposure\/.*|preflight\/.*|prometheus\/scrapes|monitoring\/(stack|budget)|app\/index)\.ts$/;
  // "gateway: true" is a switch of all that is published (roles/publish.ts).
  const names = services.filter((name) => name !== "gateway").map((name) => name.replace("-", "[-_]?"));
  const named = new RegExp(`\\b(${names.join("|")})`, "i");
  const code = (file: string) => codeOf(file).replaceAll("../prometheus/scrapes.ts", "");
  t.same(
    files.filter((file) => folds.test(file)).flatMap((file) => named.exec(code(file)) ?? []),
    [],
  );
});

t.test("a service's templates are in the folder of its name, and none is left over", async (t) => {
  const used = files.flatMap((file) =>
    [...codeOf(file).matchAll(/template\(\s*["`]([\w-]+)\//g)].map(([, folder]) => [folderOf(file), folder]),
  );
  t.ok(used.length > 15);
  t.same(
    used.filter(([own, folder]) => own !== folder),
    [],
  );
  const templates = readdirSync("templates", { recursive: true, encoding: "utf8" }).filter((one) =>
    one.endsWith(".hbs"),
  );
  const left = templates.filter((path) => {
    const own = files.filter((file) => folderOf(file) === folderOf(`templates/${path}`)).map(codeOf);
    return !own.some((code) => code.includes(basename(path)));
  });
  t.same(left, []);
});

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

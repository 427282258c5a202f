import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import t from "tap";
import { productionPackages } from "../support/lock-file.ts";

const PAGE = "docs/licences.md";

/** Those that ask for no more than their text and a name. */
const allowed = ["0BSD", "Apache-2.0", "BlueOak-1.0.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "Unlicense"];

/** Packages that say theirs in a way that npm no longer knows, and so have none in the lock file. Read in each package.json. */
const read: Readonly<Record<string, string>> = { buildcheck: "MIT", "cpu-features": "MIT", ssh2: "MIT" };

/** Whether an SPDX expression leaves a choice that is allowed. */
function isAllowed(expression: string): boolean {
  const plain = expression.replace(/^\((.*)\)$/, "$1");
  if (plain.includes("(")) return false;
  return plain.split(" OR ").some((choice) => choice.split(" AND ").every((one) => allowed.includes(one)));
}

const packages = productionPackages().map(({ name, license, ...rest }) => ({
  ...rest,
  name,
  license: license ?? read[name] ?? "unknown",
}));

function page(): string {
  const rows = [...new Set(packages.map(({ name, license }) => `| \`${name}\` | ${license} |`))].sort();
  return `# Licences

What runs in production besides this repository, and the licence of each. Allowed are
${allowed.join(", ")};
a test fails on any other, a copyleft one or an unknown one. What only tests use is not shipped and not here. \`.ci/run\` writes the bill of
materials with versions and hashes (CycloneDX) to \`.cache/sbom.cdx.json\`.

| package | licence |
| --- | --- |
${rows.join("\n")}
`;
}

t.test(`${PAGE} is what the lock file says; if not: npm run generate`, async (t) => {
  if (process.env.WRITE === "1") writeFileSync(PAGE, page());
  else t.equal(readFileSync(PAGE, "utf8"), page());
});

t.test("every package of production has a licence that is allowed", async (t) => {
  t.ok(packages.length > 50);
  t.same(
    packages.filter(({ license }) => !isAllowed(license)).map(({ name, license }) => `${name}: ${license}`),
    [],
  );
});

t.test("a copyleft licence, an unknown one and both at once are none of them", async (t) => {
  for (const one of [
    "GPL-3.0-only",
    "AGPL-3.0-or-later",
    "MPL-2.0",
    "MIT AND GPL-2.0-only",
    "unknown",
    "SEE LICENSE IN X",
    "",
  ])
    t.notOk(isAllowed(one), one);
  for (const one of ["MIT", "(MIT OR GPL-3.0-only)", "(MIT AND ISC)"]) t.ok(isAllowed(one), one);
});

t.test("what was read by hand is what the packages say", async (t) => {
  for (const [name, license] of Object.entries(read)) {
    t.ok(
      packages.some((one) => one.name === name),
      `${name} is still needed`,
    );
    const path = `node_modules/${name}/package.json`;
    // One that is optional may not be there.
    if (existsSync(path)) t.match(JSON.parse(readFileSync(path, "utf8")), { licenses: [{ type: license }] }, name);
  }
});

interface Component {
  readonly name: string;
  readonly version: string;
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
}

t.test("the bill of materials names every package of production with version and hash, and no other", async (t) => {
  const { metadata, components } = JSON.parse(execFileSync(process.execPath, [".ci/sbom.mjs"], { encoding: "utf8" }));
  t.equal(metadata.component.name, "hostwright-monitoring");
  const found = (components as readonly Component[])
    .filter(({ name }) => name !== "hostwright")
    .map(
      ({ name, version, hashes = [] }) => `${name}@${version} ${hashes.map(({ alg, content }) => `${alg} ${content}`)}`,
    );
  const expected = packages.map(({ name, version, integrity = "" }) => {
    const hash = Buffer.from(integrity.replace("sha512-", ""), "base64").toString("hex");
    return `${name}@${version} SHA-512 ${hash}`;
  });
  t.same(found.toSorted(), [...new Set(expected)].toSorted());
});

import { readFileSync } from "node:fs";
import t from "tap";
import { type LockedPackage, lockedPackages } from "../support/lock-file.ts";

/** What is wrong with where a package comes from, if anything. */
function problem({ name, path, version, resolved, integrity }: LockedPackage): string | undefined {
  const file = `${name.split("/").at(-1)}-${version}.tgz`;
  const expected = `https://registry.npmjs.org/${name}/-/${file}`;
  if (resolved !== expected) return `${path}: resolved is ${resolved}, expected ${expected}`;
  if (!/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? ""))
    return `${path}: integrity is ${integrity}, expected a sha512`;
  return undefined;
}

t.test("every package of the lock file is of the public registry, under its own name, with its sha512", async (t) => {
  const all = lockedPackages();
  t.ok(all.length > 100);
  t.same(all.map(problem).filter(Boolean), []);
});

t.test("what comes from elsewhere, under another name, or without its hash is found", async (t) => {
  const [one] = lockedPackages();
  if (!one) return t.fail("no package");
  for (const wrong of [
    { resolved: one.resolved?.replace("registry.npmjs.org", "registry.example.com") },
    { resolved: "https://registry.npmjs.org/other/-/other-1.0.0.tgz" },
    { resolved: `git+ssh://git@github.com/a/b.git#${"1".repeat(40)}` },
    { integrity: "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=" },
    { integrity: `${one.integrity} sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=` },
    { resolved: undefined },
    { integrity: undefined },
  ])
    t.match(problem({ ...one, ...wrong } as LockedPackage), /expected/, JSON.stringify(wrong));
});

t.test("whoever writes the lock file anew writes all of that, whatever their own configuration says", async (t) => {
  t.match(readFileSync(".npmrc", "utf8"), /^omit-lockfile-registry-resolved=false$/m);
});

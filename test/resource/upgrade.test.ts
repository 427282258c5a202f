import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import t from "tap";
import { upgrade } from "../../engine/resource/upgrade.ts";
import { apply, converges, plan } from "../support/converges.ts";
import { shells } from "../support/shells.ts";

const path = process.env.PATH ?? "";
t.teardown(() => {
  process.env.PATH = path;
});

/** What `apt-get -s upgrade` of Debian 13 said of these. */
const UPGRADES = `Reading package lists...
The following packages have been kept back:
  held-one
Inst libc6 [2.41-12] (2.41-12+deb13u1 Debian:13.3/stable [arm64])
Inst linux-image-6.12.63+deb13-arm64 (6.12.63-1 Debian:13.3/stable [arm64])
Inst linux-image-arm64 [6.12.41-1] (6.12.63-1 Debian:13.3/stable [arm64]) []
Conf libc6 (2.41-12+deb13u1 Debian:13.3/stable [arm64])
`;

const of = { of: "all packages" } as const;

/** An apt-get that knows of upgrades until it was told to make them, and a `find` that calls its lists old until they were updated. */
function standIn(dir: string, { says = UPGRADES, lists = "old", fails = "" } = {}): void {
  mkdirSync(`${dir}/bin`);
  writeFileSync(`${dir}/says`, says);
  const program = (name: string, text: string) => {
    writeFileSync(`${dir}/bin/${name}`, `#!/bin/sh\n${text}\n`);
    chmodSync(`${dir}/bin/${name}`, 0o755);
  };
  if (lists === "fresh") writeFileSync(`${dir}/updated`, "");
  program("find", `[ ! -e '${dir}/updated' ] || echo /var/lib/apt/lists`);
  program(
    "apt-get",
    `case " $* " in
      *" -s "*) cat '${dir}/says' ;;
      *) echo "$*" >>'${dir}/calls'; ${fails} case $1 in update) : >'${dir}/updated' ;; *) : >'${dir}/says' ;; esac ;;
    esac`,
  );
  process.env.PATH = `${dir}/bin:${path}`;
}

const calls = (dir: string) => readFileSync(`${dir}/calls`, "utf8").trim().split("\n");

converges(t, "upgrade converges", (dir) => {
  standIn(dir);
  return upgrade(of);
});

for (const shell of shells) {
  t.test(`upgrade in ${shell[0]}`, async (t) => {
    t.test("each package is a field, from its version to the other; what is held back is none", async (t) => {
      const dir = t.testdir();
      standIn(dir);
      const [step, ...others] = plan(shell, [upgrade(of), upgrade(of)].slice(0, 1));
      t.same(others, []);
      t.match(step?.changes, [
        { field: "lists of packages", before: "older than an hour" },
        { field: "libc6", before: "2.41-12", after: "2.41-12+deb13u1", isVersion: true },
        { field: "linux-image-6.12.63+deb13-arm64", before: undefined, after: "6.12.63-1" },
        { field: "linux-image-arm64", before: "6.12.41-1", after: "6.12.63-1" },
      ]);
      t.equal(step?.changes.length, 4);
    });

    t.test("lists are fetched where they are old, and nothing is removed nor asked", async (t) => {
      const dir = t.testdir();
      standIn(dir);
      apply(shell, plan(shell, [upgrade(of)]));
      t.match(calls(dir), [/^update$/, /^upgrade --with-new-pkgs -y .*--force-confold/]);
      t.notMatch(calls(dir).join(" "), /dist-upgrade|full-upgrade|autoremove/);
    });

    t.test(
      "with lists of the last hour they stay; with old ones that know nothing new, only they are fetched",
      async (t) => {
        const fresh = t.testdir({ fresh: {}, old: {} });
        standIn(`${fresh}/fresh`, { lists: "fresh" });
        apply(shell, plan(shell, [upgrade(of)]));
        t.match(calls(`${fresh}/fresh`), [/^upgrade /]);
        standIn(`${fresh}/old`, { says: "" });
        apply(shell, plan(shell, [upgrade(of)]));
        t.same(calls(`${fresh}/old`), ["update"]);
      },
    );

    t.test("what apt-get cannot do is told in its own last lines", async (t) => {
      const dir = t.testdir();
      standIn(dir, { lists: "fresh", fails: "echo E: no space left >&2; exit 100;" });
      t.throws(
        () => apply(shell, plan(shell, [upgrade(of)])),
        /apt-get upgrade failed; its last lines:\nE: no space left/,
      );
    });

    t.test("words that apt-get never says are no answer", async (t) => {
      const dir = t.testdir();
      standIn(dir, { says: "Inst something strange\n" });
      t.throws(() => plan(shell, [upgrade(of)]), /upgrade: unexpected line: Inst something strange/);
    });
  });
}

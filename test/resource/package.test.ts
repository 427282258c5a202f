import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import t from "tap";
import { pkg } from "../../engine/resource/package.ts";
import { mergeResources } from "../../engine/run/plan.ts";
import { trusted } from "../../engine/shell/sh.ts";
import { apply, converges, plan } from "../support/converges.ts";
import { runSections, shells } from "../support/shells.ts";

const path = process.env.PATH ?? "";
t.teardown(() => {
  process.env.PATH = path;
  delete process.env.DPKG_ADMINDIR;
});

/** A dpkg database of its own, and an apt-get that only writes there what the real one would. */
function standIn(dir: string, options: { readonly fail?: string } = {}): void {
  mkdirSync(`${dir}/bin`);
  mkdirSync(`${dir}/dpkg`);
  const entry = (name: string, native: string) =>
    `Package: ${name}\nStatus: install ok installed\nArchitecture: ${native}\nMaintainer: test\nVersion: 1\nDescription: test\n\n`;
  writeFileSync(
    `${dir}/dpkg/status`,
    entry("dpkg", execFileSync("dpkg", ["--print-architecture"], { encoding: "utf8" }).trim()),
  );
  writeFileSync(
    `${dir}/bin/apt-get`,
    `#!/bin/sh
    echo "$*" >>'${dir}/calls'
    case " $* " in *" -s "*) exit 0 ;; " update "*) exit 0 ;; esac
    ${options.fail ?? ""}
    while [ "$1" != -- ]; do shift; done
    shift
    for name in "$@"; do
      printf '${entry("%s", "%s").replaceAll("\n", "\\n")}' \\
        "\${name%:*}" "$(dpkg --print-architecture)" >>"$DPKG_ADMINDIR/status"
    done\n`,
  );
  chmodSync(`${dir}/bin/apt-get`, 0o755);
  process.env.PATH = `${dir}/bin:${path}`;
  process.env.DPKG_ADMINDIR = `${dir}/dpkg`;
}

const hasDpkg = ["/usr/bin/dpkg-query", "/bin/dpkg-query"].some((file) => existsSync(file));

if (hasDpkg) {
  converges(t, "package converges on several names", (dir) => {
    standIn(dir);
    return pkg({ name: ["g++", "libstdc++6", "python3.11", "ca-certificates"] });
  });
} else {
  t.test("package converges", { skip: "needs dpkg-query" }, async () => {});
}

for (const shell of hasDpkg ? shells : []) {
  t.test(`package in ${shell[0]}`, async (t) => {
    t.test("all packages of a host are one transaction, of those that are missing only", async (t) => {
      const dir = t.testdir();
      standIn(dir);
      apply(shell, plan(shell, [pkg({ name: "curl" })]));
      const steps = plan(
        shell,
        mergeResources([pkg({ name: "tar" }), pkg({ name: ["curl", "tar"] }), pkg({ name: "xz-utils" })]),
      );
      t.same(
        steps.map(({ changes }) => changes),
        [
          [
            { field: "tar", before: "absent", after: "installed" },
            { field: "xz-utils", before: "absent", after: "installed" },
          ],
        ],
      );
      apply(shell, steps);
      const installs = readFileSync(`${dir}/calls`, "utf8")
        .split("\n")
        .filter((line) => / -- /.test(line) && !/ -s /.test(line));
      t.match(installs, [/^install .* -- curl$/, /^install .* -- tar xz-utils$/]);
    });

    t.test("what apt and dpkg wrote last is in the error, wherever they wrote it", async (t) => {
      standIn(t.testdir(), { fail: "echo 'dpkg: error processing x'; echo 'E: Sub-process failed' >&2; exit 100" });
      const steps = plan(shell, [pkg({ name: "curl" })]);
      t.throws(() => apply(shell, steps), /apt-get install failed.*dpkg: error processing x\nE: Sub-process failed/s);
    });

    t.test("a host without dpkg is an error, not absent", async (t) => {
      const one = pkg({ name: "curl" });
      const [section] = runSections(shell, [trusted(`PATH=/nonexistent; ${one.kind.probe([one]).text}`)]);
      t.not(section?.status, 0);
      t.match(section?.stderr, /only apt hosts are supported/);
    });
  });
}

// Debian 12 with a database that has such packages: dpkg-query -W -f='${Package} ${db:Status-Status} ${Architecture}\n' -- …
const probed = `dpkg installed amd64
curl installed amd64
grafana half-configured amd64
libc6 installed amd64
libc6 installed i386
man-db triggers-pending amd64
nginx config-files amd64
tzdata installed all
zlib1g installed i386
acl not-installed 
`;
const cases: readonly { name: string; wanted: string[]; changes: readonly (string | undefined)[][] }[] = [
  { name: "installed", wanted: ["curl", "tzdata", "libc6", "libc6:amd64", "libc6:i386"], changes: [] },
  { name: "waiting for a trigger is installed", wanted: ["man-db"], changes: [] },
  {
    name: "unknown, only mentioned by others, or removed but for its configuration",
    wanted: ["nope", "nginx", "acl"],
    changes: [
      ["nope", "absent"],
      ["nginx", "absent"],
      ["acl", "absent"],
    ],
  },
  { name: "left half way", wanted: ["grafana"], changes: [["grafana", "half-configured"]] },
  { name: "there for another architecture only", wanted: ["zlib1g"], changes: [["zlib1g", "absent"]] },
];

for (const { name, wanted, changes } of cases) {
  t.test(`package diff: ${name}`, async (t) => {
    const resource = pkg({ name: wanted });
    t.same(
      resource.kind.diff(probed, [resource])[0]?.map(({ field, before }) => [field, before]),
      changes,
    );
  });
}

t.test("package refuses names that apt would take for something else", async (t) => {
  for (const name of ["", "nginx-", "-y", "a b", "$(id)", "Nginx", "é", "nginx=1.0", "nginx/stable", "a*"]) {
    t.throws(() => pkg({ name }), /not the name of a package/, name);
  }
});

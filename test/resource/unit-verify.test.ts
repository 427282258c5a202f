import { spawnSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import t from "tap";
import { verifyUnit } from "../../engine/resource/unit-verify.ts";
import { sh } from "../../engine/shell/sh.ts";

/** As systemd 252 says it of these files; PATH is the file's own. */
const cases = [
  { name: "nothing to say", said: "", status: 0, refused: "" },
  {
    name: "a value that it cannot read, exit 0",
    said: "PATH:14: Failed to parse service restart specifier, ignoring: sometimes",
    status: 0,
    refused: "x.service:14: Failed to parse service restart specifier, ignoring: sometimes\n",
  },
  {
    name: "a key of a newer systemd",
    said: "PATH:9: Unknown key 'Foo' in section [Service], ignoring.",
    status: 0,
    refused: "",
  },
  { name: "another unit's line", said: "/lib/systemd/system/y.service:3: Failed to parse", status: 1, refused: "" },
  {
    name: "a program that is not there yet",
    said: "x.service: Command /usr/local/bin/x is not executable: No such file",
    status: 1,
    refused: "",
  },
];

for (const { name, said, status, refused } of cases) {
  t.test(`unit file: ${name}: ${refused === "" ? "goes live" : "is refused"}`, async (t) => {
    const dir = t.testdir({ ".staged.1": "[Service]\n" });
    const program = `#!/bin/sh\ncat <<END | sed "s|PATH|$3|" >&2\n${said}\nEND\nexit ${status}\n`;
    writeFileSync(`${dir}/systemd-analyze`, program);
    chmodSync(`${dir}/systemd-analyze`, 0o755);
    const script = sh`set -eu; staged=${`${dir}/.staged.1`}; ${verifyUnit("x.service")(sh`"$staged"`)}
      echo live`;
    const env = { ...process.env, PATH: `${dir}:${process.env.PATH}` };
    const done = spawnSync("sh", [], { input: script.text, env, encoding: "utf8" });
    t.equal(done.stderr, refused);
    t.equal(done.stdout, refused === "" ? "live\n" : "");
  });
}

t.test("a host without systemd-analyze takes the file as it is", async (t) => {
  const script = sh`set -eu; PATH=/nowhere; ${verifyUnit("x.service")(sh`"$staged"`)}
    echo live`;
  t.equal(spawnSync("/bin/sh", [], { input: script.text, encoding: "utf8" }).stdout, "live\n");
});

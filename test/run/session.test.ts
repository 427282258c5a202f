import { chmodSync, existsSync, readFileSync } from "node:fs";
import { env } from "node:process";
import t, { type Test } from "tap";
import { connectLocal } from "../../engine/connection/local.ts";
import { openSession, type Session, SessionError } from "../../engine/run/session.ts";
import { Secret } from "../../engine/shell/secret.ts";
import { sh } from "../../engine/shell/sh.ts";

// As sudo does: the password is a line of stdin, a wrong one is asked for twice more, and end of file ends it.
const SUDO = `#!/bin/sh
[ "$1" != -n ] || { echo "sudo: a password is required" >&2; exit 1; }
[ "$1 $2 $3 $4" = "-k -S -p " ] || exit 9
shift 4
tries=0
while [ $tries -lt 3 ] && IFS= read -r line; do
  tries=$((tries + 1)); printf '%s\\n' "$line" >>"\${0%/*}/heard"
  [ "$line" != right ] || SUDO_USER=me exec "$@"
done
echo "sudo: $tries incorrect password attempts" >&2
exit 1
`;
// Sudoers may let a user run this one command without a password.
const SUDO_THAT_DOES_NOT_ASK = `#!/bin/sh\n[ "$1" != -n ] || { echo "sudo: a password is required" >&2; exit 1; }\nshift 4\nSUDO_USER=me exec "$@"\n`;
const NOBODY = `#!/bin/sh\necho 1000\n`;

/** Opens a session on this machine, where these are the programs `id` and `sudo`. */
async function open(t: Test, sudo: string, password?: string): Promise<{ session: Promise<Session>; dir: string }> {
  const dir = t.testdir({ id: NOBODY, sudo, doas: "#!/bin/sh\nexit 1\n" });
  for (const name of ["id", "sudo", "doas"]) chmodSync(`${dir}/${name}`, 0o755);
  const command = (line: string) => ["env", `PATH=${dir}:${env.PATH}`, "sh", "-c", line];
  const connection = connectLocal("local", { command });
  t.teardown(() => connection.close());
  return {
    dir,
    session: openSession(connection, { password: password === undefined ? undefined : new Secret(password, "test") }),
  };
}

/** Runs one section that reads its stdin and one word of the script itself. */
async function run(session: Session): Promise<string | undefined> {
  const [section] = (await session.probe([sh`cat; echo ran`])).sections;
  return section?.stdout;
}

t.test("sudo reads the password, and the script after it is whole", async (t) => {
  const { session, dir } = await open(t, SUDO, "right");
  const opened = await session;
  t.equal(opened.facts.becomeBy, "sudo");
  t.equal(await run(opened), "ran\n");
  t.equal(readFileSync(`${dir}/heard`, "utf8"), "right\nright\n", "once an exec, and nothing else");
});

t.test("a wrong password is heard once, and nothing of a script is", async (t) => {
  const { session, dir } = await open(t, SUDO, "wrong");
  const error: unknown = await session.catch((thrown: unknown) => thrown);
  t.ok(error instanceof SessionError);
  t.match(error, {
    message: /sudo refuses the password or the user \(sudo: 1 incorrect/,
    hint: /ansible_become_password/,
  });
  t.equal(readFileSync(`${dir}/heard`, "utf8"), "wrong\n");
});

t.test("a password that sudo does not ask for is no command", async (t) => {
  const dir = t.testdirName;
  const { session } = await open(t, SUDO_THAT_DOES_NOT_ASK, `touch ${dir}/ran`);
  t.equal(await run(await session), "ran\n");
  t.notOk(existsSync(`${dir}/ran`));
});

t.test("without a password, what sudo wants is said", async (t) => {
  const { session } = await open(t, SUDO);
  await t.rejects(session, { message: "cannot become root: sudo wants a password", hint: /-K/ });
});

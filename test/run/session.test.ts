import { spawnSync } from "node:child_process";
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

/** A folder with programs `id`, `sudo` and `doas`. */
function programs(t: Test, sudo: string): string {
  const dir = t.testdir({ id: NOBODY, sudo, doas: "#!/bin/sh\nexit 1\n" });
  for (const name of ["id", "sudo", "doas"]) chmodSync(`${dir}/${name}`, 0o755);
  return dir;
}

/** Opens a session on this machine, where these are the programs `id` and `sudo`. */
async function open(t: Test, sudo: string, password?: string): Promise<{ session: Promise<Session>; dir: string }> {
  const dir = programs(t, sudo);
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

const SHELLS = ["sh", "bash", "dash", "csh", "tcsh", "fish", "zsh"];
const loginShells = SHELLS.filter((name) => spawnSync(name, ["-c", "true"]).error === undefined);

for (const shell of loginShells) {
  t.test(`with ${shell} as the login shell, root is had in every way, and a script means the same`, async (t) => {
    const hostile = "it's !! a \\\\' \"$HOME\" `id` {a,b} ~ *";
    const at = async (options: Parameters<typeof openSession>[1], sudo = SUDO) => {
      const dir = programs(t, sudo);
      const command = (line: string) => ["env", `PATH=${dir}:${env.PATH}`, shell, "-c", line];
      const connection = connectLocal("local", { command });
      const session = await openSession(connection, options);
      const [section] = (await session.probe([sh`cat; printf %s ${hostile}; printf %s ${"two\nlines"} >&2`])).sections;
      t.strictSame([section?.status, section?.stdout, section?.stderr], [0, hostile, "two\nlines"]);
      await connection.close();
      return session.facts;
    };
    t.match(await at({ become: false }), { becomeBy: "nothing" });
    t.match(await at({}, '#!/bin/sh\nshift\nSUDO_USER=me exec "$@"\n'), { becomeBy: "sudo" });
    t.match(await at({ password: new Secret("right", "test") }), { becomeBy: "sudo" });
  });
}

/** Opens a session where the login shell does this before it runs the command. */
function openAfter(t: Test, startUp: string, startTimeoutMs?: number): Promise<Session> {
  const connection = connectLocal("local", { command: (line) => ["sh", "-c", `${startUp}\n${line}`] });
  t.teardown(() => connection.close());
  return openSession(connection, startTimeoutMs === undefined ? {} : { startTimeoutMs });
}

t.test("a login shell whose start-up files print does no harm", async (t) => {
  const session = await openAfter(t, "echo Welcome; echo to >&2; printf 'no line end'");
  t.equal(await run(session), "ran\n");
});

t.test("a start-up file that exits, reads or waits is named", async (t) => {
  const hint = /start-up files \(\.bashrc, \.profile/;
  await t.rejects(openAfter(t, "exit 0"), { message: /a start-up file of the login shell exits$/, hint });
  for (const reads of ["read line", "read a; read b", "cat >/dev/null", "exec </dev/null"])
    await t.rejects(openAfter(t, reads), { message: /a start-up file of the login shell reads stdin/, hint }, reads);
  await t.rejects(openAfter(t, "sleep 60", 200), { message: /within 0\.2 s: a start-up file of it hangs/, hint });
  await t.rejects(openAfter(t, "yes"), { message: /prints without end/, hint });
});

t.test("once the command runs, it may take longer than the login shell may", async (t) => {
  const dir = programs(t, '#!/bin/sh\nshift\nsleep 1\nSUDO_USER=me exec "$@"\n');
  const command = (line: string) => ["env", `PATH=${dir}:${env.PATH}`, "sh", "-c", line];
  const connection = connectLocal("local", { command });
  t.teardown(() => connection.close());
  t.equal((await openSession(connection, { startTimeoutMs: 900 })).facts.becomeBy, "sudo");
});

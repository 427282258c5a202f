import t from "tap";
import { REFUSED, STARTED } from "../../engine/run/become.ts";
import { firstError, passwordError, wantsPassword } from "../../engine/run/refusal.ts";

const result = (code: number, stderr: string, stdout = "") => ({ code, stdout, stderr });
/** As the first command leaves it: the login shell's noise, sudo's words, the user's name. */
const refused = (words: string, code = 77) =>
  result(code, `bash: warning: setlocale\n${STARTED}\n${words}${REFUSED} ops\n`);
const NO_DOAS = "sh: 1: doas: not found\n";

interface Case {
  readonly words: string;
  readonly message: string;
  readonly hint: RegExp;
  readonly code?: number;
}

// Pasted from sudo 1.9.16, sudo-rs 0.2.5 and OpenDoas 6.8.2.
const cases: readonly Case[] = [
  { words: "sudo: a password is required\n", message: "sudo wants a password", hint: /give -K.*ops ALL=/ },
  { words: "sudo: interactive authentication is required\n", message: "sudo wants a password", hint: /give -K/ },
  {
    words: "sudo: unable to resolve host web-1: Name or service not known\nsudo: a password is required\n",
    message: "sudo wants a password",
    hint: /give -K/,
  },
  {
    words: "sudo: sorry, you must have a tty to run sudo\n",
    message: "sudo says: sorry, you must have a tty to run sudo",
    hint: /Defaults:ops !requiretty/,
  },
  {
    words:
      "sudo: effective uid is not 0, is /usr/bin/sudo on a file system with the 'nosuid' option set or an NFS file system without root privileges?\n",
    message:
      "sudo says: effective uid is not 0, is /usr/bin/sudo on a file system with the 'nosuid' option set or an NFS file system without root privileges?",
    hint: /chmod 4755/,
  },
  {
    words: "ops is not in the sudoers file.\nThis incident has been reported to the administrator.\n",
    message: "sudo says: ops is not in the sudoers file.",
    hint: /ops ALL=\(ALL\) NOPASSWD: ALL/,
  },
  {
    words: "sudo: account validation failure, is your account locked?\nsudo: a password is required\n",
    message: "sudo says: account validation failure, is your account locked?",
    hint: /chage -l ops/,
  },
  {
    words: "sudo: unable to open log file /var/log/sudo.log: Read-only file system\n",
    message: "sudo says: unable to open log file /var/log/sudo.log: Read-only file system",
    hint: /!log_input/,
  },
  {
    words: "sudo: error initializing I/O plugin sudoers_io\n",
    message: "sudo says: error initializing I/O plugin sudoers_io",
    hint: /let sudo write its log/,
  },
  {
    words: "sudo: no valid sudoers sources found, quitting\nsudo: error initializing audit plugin sudoers_audit\n",
    message: "sudo says: no valid sudoers sources found, quitting",
    hint: /visudo -c/,
  },
  {
    words: "ops is not in the sudoers file.\ndoas: Authentication required\n",
    message: "sudo says: ops is not in the sudoers file.",
    hint: /ops ALL=/,
  },
  { words: "", message: "sudo ends without a word", hint: /log in as root/ },
  { words: "sh: 1: sudo: not found\n", message: "neither sudo nor doas is there", hint: /install sudo/, code: 78 },
  {
    words: "sh: 1: sudo: not found\ndoas: Operation not permitted\n",
    message: "neither sudo nor doas lets this user: doas: Operation not permitted",
    hint: /allow this user/,
    code: 78,
  },
];

for (const { words, message, hint, code } of cases) {
  t.test(`why root is refused is told: ${message}`, async (t) => {
    const error = firstError(refused(code === 78 ? words : words + NO_DOAS, code));
    t.equal(error?.message, `cannot become root: ${message}`);
    t.match(error?.hint, hint);
  });
}

t.test("a sudo that says nothing may lack the room for its log", async (t) => {
  const df =
    "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vda1 100 50 50 50% /\ntmpfs 64 64 0 100% /var/log\n";
  const said = refused(NO_DOAS);
  const error = firstError({ ...said, stderr: said.stderr + df });
  t.equal(error?.message, "cannot become root: sudo ends without a word, and /var/log is full");
});

t.test("a password is tried where it may help, and nowhere else", async (t) => {
  t.equal(wantsPassword(refused("sudo: a password is required\n")), true);
  t.equal(wantsPassword(refused("")), true, "an unknown reason");
  t.equal(wantsPassword(refused("sudo: sorry, you must have a tty to run sudo\n")), false);
  t.equal(wantsPassword(refused("sh: 1: sudo: not found\n", 78)), false);
});

t.test("a password that is taken and does not help is told apart from a wrong one", async (t) => {
  const first = refused("sudo: a password is required\n");
  const unknown = passwordError(result(1, "ops is not in the sudoers file.\n"), first, new Error("frame"));
  t.equal(unknown.message, "cannot become root: sudo says: ops is not in the sudoers file.");
  const wrong = passwordError(
    result(1, "Sorry, try again.\nsudo: no password was provided\nsudo: 1 incorrect password attempt\n"),
    first,
    new Error("frame"),
  );
  t.equal(
    wrong.message,
    "cannot become root: sudo refuses the password or the user (sudo: 1 incorrect password attempt)",
  );
});

t.test("what a host says instead of running the command is told, in one line, and what to do", async (t) => {
  const says = (stdout: string, code = 1) => firstError(result(code, "", stdout));
  t.match(says('Please login as the user "ubuntu" rather than the user "root".\n\n', 142), {
    message:
      'the login ended before a command ran (exit 142); the host says: Please login as the user "ubuntu" rather than the user "root".',
    hint: "Name the user in the inventory: user: ubuntu",
  });
  t.match(says("Please login as the user core rather than the user root.\n"), { hint: /user: core$/ });
  t.match(says("This account is currently not available.\n"), { hint: /nologin/ });
  t.match(says("one\r\n\r\ntwo\n"), { message: /the host says: one; two$/, hint: /ForceCommand/ });
  t.ok((says("x".repeat(10_000))?.message.length ?? 0) < 500);
  t.match(says("", 0), { message: /exit 0\), without a word: a start-up file of the login shell exits/ });
});

t.test("a failure that is neither the login's nor sudo's is left to others", async (t) => {
  t.equal(firstError(result(2, `${STARTED}\nsh: 3: Syntax error\n`)), undefined);
});

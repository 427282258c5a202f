import type { ExecResult } from "../connection/connection.ts";
import { sh } from "../shell/sh.ts";
import { SessionError } from "./session-error.ts";

/**
 * Every command here goes through the user's login shell, which may be csh, tcsh, fish or zsh: one line, in single quotes whole,
 * without "!", backslashes and single quotes inside. What is to run comes on stdin.
 */
const inSh = (line: string): string => `sh -c '${line}'`;

/** Said on stderr by the first command: what comes before is the login shell's, and what comes after is sudo's. */
export const STARTED = "hostwright: sh has started";
const REFUSED = "hostwright: not root, but";

/** Where sudo did not ask after all, a password is still there: no shell may take it, or what follows, for a command. */
export const SCRIPT_BEGINS = "hostwright: here the script begins";

const STDIN_IS_GONE = 76;
const WANTS_SUDO = 77;
const CANNOT_BECOME = 78;

const start = `echo "${STARTED}" >&2; IFS= read -r line; if [ "$line" = "${SCRIPT_BEGINS}" ]; then :; else exit ${STDIN_IS_GONE}; fi`;

/** First command of a session that stays who it is: reads `SCRIPT_BEGINS`, then a script. */
export const FIRST = inSh(`${start}; exec sh -s`);

// Whether a password is wanted is asked first, so that no prompt can ever read the script; and away from stdin, of which a sudo
// that records it (log_input) would take a part. Its words stay on stderr: in English, since they are read.
export const FIRST_AS_ROOT = inSh(
  [
    `${start}; LC_ALL=C; export LC_ALL`,
    'if [ "$(id -u)" = 0 ]; then exec sh -s',
    "elif sudo -n sh -c : </dev/null; then exec sudo -n sh -s",
    "elif doas -n sh -c : </dev/null; then exec doas -n sh -s; fi",
    `echo "${REFUSED} $(id -un)" >&2`,
    `if command -v sudo >/dev/null; then exit ${WANTS_SUDO}; fi; exit ${CANNOT_BECOME}`,
  ].join("; "),
);

/** Commands that become root once it is known how. */
export const ROOT_COMMANDS = { nothing: "sh -s", sudo: "sudo -n sh -s", doas: "doas -n sh -s" } as const;

/** Command that becomes root with the password on stdin. `-k`: sudo asks although it may remember. */
const byPassword = (line: string): string => sh`env LC_ALL=C sudo -k -S -p '' sh -c ${line}`.text;

/** Reads the password, `SCRIPT_BEGINS`, then a script. */
export const ROOT_BY_PASSWORD = byPassword(
  `while IFS= read -r line; do if [ "$line" = "${SCRIPT_BEGINS}" ]; then exec sh -s; fi; done; exit 1`,
);

/** Command that reads the password and nothing else; the script is in it, and so must hold no secret. */
export function rootByPassword(script: string): string {
  return byPassword(`echo ${Buffer.from(script).toString("base64")} | base64 -d | sh -s`);
}

/** True where a sudo that may yet be content with a password said no. */
export function wantsPassword({ code, stderr }: ExecResult): boolean {
  return code === WANTS_SUDO && (reasonIn(sudoWords(stderr))?.isPassword ?? true);
}

/** Why the first command of a session did not come to its end; `undefined` when that is about something else. */
export function firstError(result: ExecResult): SessionError | undefined {
  const { code, stderr } = result;
  if (!stderr.includes(STARTED)) return loginError(result);
  if (code === STDIN_IS_GONE) {
    return new SessionError("a start-up file of the login shell reads stdin: the script that was sent did not arrive", {
      code,
      hint: STARTUP_HINT,
    });
  }
  const words = sudoWords(stderr);
  if (code === WANTS_SUDO || code === CANNOT_BECOME) return refusal(words, userIn(stderr), code);
  return reasonIn(words) && refusal(words, userIn(stderr), code);
}

/** Why sudo did not run the script, although it was given a password. */
export function passwordError({ code, stderr }: ExecResult, first: ExecResult, cause: Error): SessionError {
  const words = wordsIn(stderr);
  if (reasonIn(words)) return refusal(words, userIn(first.stderr), code);
  return new SessionError(
    `cannot become root: sudo refuses the password or the user (${words.at(-1) ?? "no message"})`,
    {
      code,
      hint: "correct ansible_become_password, or the answer to -K, and see what sudoers allows this user",
      cause,
    },
  );
}

const STARTUP_FILES = ".bashrc, .profile, .zshenv, .cshrc, config.fish";
const STARTUP_HINT = `Let its start-up files (${STARTUP_FILES}) do nothing where nobody is at a terminal: no exit, no read, no waiting.`;

/** Why no command ran within so many milliseconds. */
export function startTimeout(timeoutMs: number): SessionError {
  return new SessionError(
    `the login shell did not run a command within ${timeoutMs / 1000} s: a start-up file of it hangs`,
    { hint: STARTUP_HINT },
  );
}

/** What a shell says that does not run our command: a forced command, a locked account, a start-up file that exits. */
function loginError({ code, stdout, stderr }: ExecResult): SessionError {
  const words = shortened(wordsIn(`${stdout}\n${stderr}`).join("; "));
  const ended = `the login ended before a command ran (exit ${code})`;
  if (words === "")
    return new SessionError(`${ended}, without a word: a start-up file of the login shell exits`, {
      code,
      hint: STARTUP_HINT,
    });
  return new SessionError(`${ended}; the host says: ${words}`, { code, hint: loginHint(words) });
}

function loginHint(words: string): string {
  const other = /log ?in as (?:the )?(?:user )?["'“]?([a-z_][\w.-]*)["'”]?/i.exec(words)?.[1];
  if (other !== undefined) return `Name the user in the inventory: user: ${other}`;
  if (/not available|nologin/i.test(words))
    return "Its login shell lets nobody in (nologin): name another user in the inventory, or give this one a shell (usermod -s /bin/sh USER).";
  if (/password/i.test(words))
    return "Log in once by hand and set a new password, or let it not expire (chage -M -1 USER).";
  return `Try by hand: ssh USER@HOST true. Name the right user in the inventory, or see the host's ForceCommand, the user's shell, and its start-up files (${STARTUP_FILES}).`;
}

interface Reason {
  readonly words: RegExp;
  readonly isPassword?: boolean;
  hint(user: string): string;
}

const allow = (user: string): string => `${user} ALL=(ALL) NOPASSWD: ALL`;

/** What sudo, sudo-rs and doas say, and what helps. */
const REASONS: readonly Reason[] = [
  {
    words: /password is required|authentication (?:is )?required|no password was provided/i,
    isPassword: true,
    hint: (user) => `give -K to be asked for it, or allow this user in sudoers: ${allow(user)}`,
  },
  { words: /must have a tty/, hint: (user) => `put into sudoers (visudo): Defaults:${user} !requiretty` },
  {
    words: /effective uid is not 0|nosuid|setuid/,
    hint: () =>
      "give sudo its rights again, as root on the host: chown root: /usr/bin/sudo && chmod 4755 /usr/bin/sudo, on a file system that is not mounted nosuid; or log in as root",
  },
  { words: /no new privileges/, hint: () => "start the host's sshd without no_new_privs, or log in as root" },
  {
    words: /I\/O (?:log|plugin)|sudo-io|sudoers_io|io_?log|audit plugin|log file/i,
    hint: (user) =>
      `let sudo write its log (room, rights, iolog_dir), or put into sudoers: Defaults:${user} !log_input, !log_output`,
  },
  {
    words: /not in the sudoers|not allowed to|may not run|Operation not permitted/i,
    hint: (user) => `allow this user in sudoers, to run anything (visudo): ${allow(user)}`,
  },
  {
    words: /account|expired/i,
    hint: (user) => `the account is locked or expired: chage -l ${user} shows it, chage -E -1 -M -1 ${user} ends it`,
  },
  {
    words: /sudoers|parse error|syntax error|doas\.conf|doas is not enabled/i,
    hint: () => "correct the rules on the host: visudo -c, or doas -C /etc/doas.conf, shows what is wrong",
  },
  { words: /Permission denied/, hint: () => "let this user run sudo (chmod 4755 /usr/bin/sudo), or log in as root" },
];

function reasonIn(words: readonly string[]): Reason | undefined {
  return REASONS.find((reason) => words.some((line) => reason.words.test(line)));
}

function refusal(words: readonly string[], user: string, code: number): SessionError {
  const reason = reasonIn(words);
  const telling = words.find((line) => reason?.words.test(line) ?? /^(?:sudo|doas): /.test(line)) ?? words[0];
  if (reason?.isPassword && code === WANTS_SUDO)
    return new SessionError("cannot become root: sudo wants a password", { code, hint: reason.hint(user) });
  const who = code === CANNOT_BECOME ? "neither sudo nor doas lets this user" : "sudo says no";
  const said = telling === undefined ? "" : `: ${shortened(telling)}`;
  return new SessionError(`cannot become root: ${who}${said}`, {
    code,
    hint: reason?.hint(user) ?? `log in as root, or install sudo and allow this user: ${allow(user)}`,
  });
}

function sudoWords(stderr: string): readonly string[] {
  const said = stderr.slice(stderr.indexOf(STARTED) + STARTED.length);
  return wordsIn(said.split(REFUSED)[0] ?? "").filter(
    (line) => !/^\S*sh: .*not found|unable to resolve host/.test(line),
  );
}

function userIn(stderr: string): string {
  return new RegExp(`^${REFUSED} (.+)$`, "m").exec(stderr)?.[1] ?? "USER";
}

function wordsIn(text: string): readonly string[] {
  return text
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

const MAX_WORDS = 300;

function shortened(words: string): string {
  return words.length > MAX_WORDS ? `${words.slice(0, MAX_WORDS)}…` : words;
}

import type { ExecResult } from "../connection/connection.ts";
import { CANNOT_BECOME, REFUSED, STARTED, STDIN_IS_GONE, WANTS_SUDO } from "./become.ts";
import { SessionError } from "./session-error.ts";

/** True where a sudo that may yet be content with a password said no. */
export function wantsPassword({ code, stderr }: ExecResult): boolean {
  if (code !== WANTS_SUDO) return false;
  const reason = reasonIn(sudoWords(stderr));
  return reason === undefined || reason.isPassword === true;
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
  if (code === WANTS_SUDO || code === CANNOT_BECOME) return refusal(words, stderr, code);
  // It let us in at first, and not when it came to the script.
  const own = words.filter(isOfSudo);
  return reasonIn(own) && refusal(own, stderr, code);
}

const isOfSudo = (line: string): boolean => /^(?:sudo|doas): /.test(line);

/** What helps where sudo, which let us in before, now says this. */
export function hintFor(stderr: string): string | undefined {
  return reasonIn(wordsIn(stderr).filter(isOfSudo))?.hint(userIn(stderr));
}

/** Why sudo did not run the script, although it was given a password. */
export function passwordError({ code, stderr }: ExecResult, first: ExecResult, cause: Error): SessionError {
  const words = wordsIn(stderr);
  const reason = reasonIn(words);
  if (reason && !reason.isPassword) return refusal(words, first.stderr, code);
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

/** Why the first command was stopped: the host printed without end. */
export function startFlood(cause: Error): SessionError {
  return new SessionError("a start-up file of the login shell, or a forced command, prints without end", {
    hint: STARTUP_HINT,
    cause,
  });
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
    words: /account validation|account is locked|account (?:has )?expired/i,
    hint: (user) =>
      `the account is locked or expired (chage -l ${user} shows it, chage -E -1 ${user} ends it), or the host may start no more processes for it (ps -u ${user}, /etc/security/limits.conf)`,
  },
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
    words: /parse error|syntax error|sudoers is |sudoers sources|sudoers_audit|doas\.conf|doas is not enabled/i,
    hint: () => "correct the rules on the host: visudo -c, or doas -C /etc/doas.conf, shows what is wrong",
  },
  {
    words: /I\/O (?:log|plugin)|sudo-io|sudoers_io|io_?log|log file|unable to (?:mkdir|create|write)/i,
    hint: (user) =>
      `let sudo write its log (room, rights, iolog_dir), or put into sudoers: Defaults:${user} !log_input, !log_output`,
  },
  {
    words: /not in the sudoers|not allowed to|may not run|Operation not permitted/i,
    hint: (user) => `allow this user in sudoers, to run anything (visudo): ${allow(user)}`,
  },
  { words: /Permission denied/, hint: () => "let this user run sudo (chmod 4755 /usr/bin/sudo), or log in as root" },
];

function reasonIn(words: readonly string[]): Reason | undefined {
  const isOfDoas = (line: string): boolean => line.startsWith("doas: ");
  const among = (lines: readonly string[]) => REASONS.find((reason) => lines.some((line) => reason.words.test(line)));
  // Where both are there, sudo was asked first, and is what people have set up.
  return among(words.filter((line) => !isOfDoas(line))) ?? among(words.filter(isOfDoas));
}

function refusal(words: readonly string[], stderr: string, code: number): SessionError {
  const user = userIn(stderr);
  const reason = reasonIn(words);
  if (reason?.isPassword && code === WANTS_SUDO)
    return new SessionError("cannot become root: sudo wants a password", { code, hint: reason.hint(user) });
  const [full] = fullDisks(stderr);
  if (words.length === 0 && full !== undefined && code === WANTS_SUDO) {
    const hint = `Make room on ${full}, where sudo may keep its log, and run again: du -xh ${full} | sort -h | tail shows what takes it.`;
    return new SessionError(`cannot become root: sudo ends without a word, and ${full} is full`, { code, hint });
  }
  const telling = words.find((line) => reason?.words.test(line) ?? /^(?:sudo|doas): /.test(line)) ?? words[0];
  return new SessionError(`cannot become root: ${saying(telling, code)}`, {
    code,
    hint: reason?.hint(user) ?? `log in as root, or install sudo and allow this user: ${allow(user)}`,
  });
}

function saying(telling: string | undefined, code: number): string {
  const said = telling && shortened(telling);
  if (code === CANNOT_BECOME)
    return said ? `neither sudo nor doas lets this user: ${said}` : "neither sudo nor doas is there";
  return said ? `sudo says: ${said.replace(/^sudo: /, "")}` : "sudo ends without a word";
}

/** Where `df -P` in an output shows no room. */
function fullDisks(stderr: string): readonly string[] {
  return [...stderr.matchAll(/^\S+ +\d+ +\d+ +0 +\d+% +(\/.*)$/gm)].map(([, mount = ""]) => mount);
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

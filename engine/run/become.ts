import { sh } from "../shell/sh.ts";

/**
 * Every command here goes through the user's login shell, which may be csh, tcsh, fish or zsh: one line, in single quotes whole,
 * without "!", backslashes and single quotes inside. What is to run comes on stdin.
 */
const inSh = (line: string): string => `sh -c '${line}'`;

/** Said on stderr by the first command: what comes before is the login shell's, and what comes after is sudo's. */
export const STARTED = "hostwright: sh has started";
/** Said where nobody lets us become root, before the user's name. */
export const REFUSED = "hostwright: not root, but";

/** Where sudo did not ask after all, a password is still there: no shell may take it, or what follows, for a command. */
export const SCRIPT_BEGINS = "hostwright: here the script begins";

/** Exit codes of the first command. */
export const STDIN_IS_GONE = 76;
export const WANTS_SUDO = 77;
export const CANNOT_BECOME = 78;

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
    // A sudo that cannot write its log says nothing at all.
    "df -P / /tmp /var/log >&2 2>/dev/null",
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

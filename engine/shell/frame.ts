import { lines, type Script, sh, trusted } from "./sh.ts";

/** What one section of a framed script printed, and its exit status. */
export interface Section {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** By the host's clock, to the hundredth of a second; where it ran alone, and the host has /proc. */
  readonly durationMs?: number | undefined;
}

/** Thrown where the output of a framed script is not whole: the shell died, or never started. */
export class FrameError extends Error {}

/** How a framed script runs. */
export interface FrameOptions {
  /** The sections after a failed one do not run. */
  readonly stopAtFailure?: boolean;
  /** Nor do those before which this fails. */
  readonly while?: Script;
  /** They only look, and so share a shell: one process for all, where none fails. */
  readonly together?: boolean;
  /** Runs first, in the shell that runs all sections: its variables, traps and open files outlive the sections. */
  readonly prelude?: Script;
}

/** Returns one script that runs all sections, each a subshell of its own with `set -eu` and no input, framed by `nonce`. */
export function frame(sections: readonly Script[], nonce: string, options: FrameOptions = {}): Script {
  // A shell parses a whole group before it runs any of it: a script that arrives cut off runs nothing at all, and what is read
  // while it runs is none of it.
  return sh`
    {
    while :; do
    LC_ALL=C; export LC_ALL; umask 077
    ${options.prelude ?? sh``}
    ${options.together ? together(sections, nonce) : apart(sections, nonce, options)}
    break
    done
    printf '\\n%s done\\n' ${nonce}
    exit 0
    }`;
}

function apart(sections: readonly Script[], nonce: string, { stopAtFailure, while: goesOn }: FrameOptions): Script {
  const stop = lines([
    ...(stopAtFailure ? [sh`[ "$rc" = 0 ] || break`] : []),
    ...(goesOn ? [sh`${goesOn} || break`] : []),
  ]);
  return lines(sections.map((section, index) => framed(section, `${nonce} ${index}`, stop)));
}

/**
 * All sections in one shell, but for those that run beside them; where one ends that, all are run again, each in its own, and what
 * was printed before is void.
 */
function together(sections: readonly Script[], nonce: string): Script {
  const all = sections.map((section, index) => ({
    section,
    label: `${nonce} ${index}`,
    call: trusted(`section_${index}`),
  }));
  const others = all.filter(({ section }) => section.isBeside);
  const inOne = all.filter(({ section }) => !section.isBeside).map(answered);
  return sh`
    ${lines(all.flatMap(({ section, call }) => [sh`${call}() { :`, section, sh`}`]))}
    exec 7>&1
    # What they print goes where it would; only the last words are caught.
    whole=$( exec 6>&1 >&7 7>&- 9>&- </dev/null
    set -eu
    ${others.reduce(besides, lines([...inOne, LAST_WORD]))} )
    exec 7>&-
    if [ "$whole" != ${"y".repeat(1 + others.length)} ]; then
    printf '\\n%s again\\n' ${nonce}; printf '\\n%s again\\n' ${nonce} >&2
    ${lines(all.map(({ label, call }) => framed(call, label, sh``)))}
    fi`;
}

/** Where a section fails, this is not said. */
const LAST_WORD = sh`printf y >&6`;

interface Labelled {
  readonly label: string;
  readonly call: Script;
}

function answered({ label, call }: Labelled): Script {
  return sh`${begin(label)}; ${call}; printf '\\n%s end 0\\n' ${label}`;
}

/** A script and, on the left of its pipe, a section that runs meanwhile: its answer comes after the others', as one piece. */
function besides(rest: Script, one: Labelled): Script {
  return sh`
    {
    ${answered(one)}
    ${LAST_WORD}
    } 2>/dev/null | { {
    ${rest}
    } </dev/null; cat; }`;
}

function framed(section: Script, label: string, stop: Script): Script {
  // The status is read on the next line: `( … ) || rc=$?` would switch `set -e` off inside the parentheses.
  // 9 is the lock's file: a daemon that a section starts must not inherit it.
  // The clock costs no process; GNU's own %s.%N would.
  return sh`
    ${begin(label)}
    began=; { read -r began _ </proc/uptime; } 2>/dev/null
    ( set -eu
    ${section}
    ) </dev/null 9>&-
    rc=$?
    ended=; { read -r ended _ </proc/uptime; } 2>/dev/null
    printf '\\n%s end %s %s %s\\n' ${label} "$rc" "$began" "$ended"
    ${stop}`;
}

function begin(label: string): Script {
  return sh`printf '\\n%s begin\\n' ${label}; printf '\\n%s begin\\n' ${label} >&2`;
}

const WAITS_FOR = "hostwright waits for ";

/** Script by which a section says, while it runs, what it waits for. */
export function waitsFor(what: Script): Script {
  return sh`printf '%s%s\\n' ${WAITS_FOR} ${what} >&2`;
}

/** Returns what hears stderr while it comes, and tells what is waited for. */
export function waitListener(heard: (what: string) => void): (text: string) => void {
  return byLine((line) => {
    if (line.startsWith(WAITS_FOR)) heard(line.slice(WAITS_FOR.length));
  });
}

function byLine(heard: (line: string) => void): (text: string) => void {
  let rest = "";
  return (text) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) heard(line);
  };
}

/** Script by which a prelude or a section says one word of its own and a free text, read back by `remarks`. */
export function remark(nonce: string, word: string | Script, text: Script): Script {
  return sh`printf '\\n%s %s %s\\n' ${nonce} ${word} "$(${text} | base64 | tr -d '\\n')"`;
}

/** The remarks in an output, by word. */
export function remarks(stdout: string, nonce: string): ReadonlyMap<string, string> {
  const found = stdout.matchAll(new RegExp(`^${nonce} ([a-z-]+) ([A-Za-z0-9+/=]*)$`, "gm"));
  return new Map([...found].map(([, word = "", text = ""]) => [word, Buffer.from(text, "base64").toString()]));
}

/** Returns what hears an output while it comes, and tells each remark at once. */
export function remarkListener(nonce: string, heard: (word: string, text: string) => void): (text: string) => void {
  return byLine((line) => {
    for (const [word, said] of remarks(line, nonce)) heard(word, said);
  });
}

/** Returns the sections that ran, by their numbers; anything printed around them is ignored. Throws `FrameError` if the end or a section is missing. */
export function unframe(
  output: { readonly stdout: string; readonly stderr: string },
  nonce: string,
): readonly Section[] {
  if (!output.stdout.includes(`\n${nonce} done\n`)) throw new FrameError(`the script did not run to its end`);
  const [stdout = "", stderrText = ""] = [output.stdout, output.stderr].map((text) =>
    text.split(`\n${nonce} again\n`).at(-1),
  );
  const stderr = stderrBySection(stderrText, nonce);
  const pattern = new RegExp(
    `\\n${nonce} (\\d+) begin\\n([^]*?)\\n${nonce} \\1 end (\\d+)(?: ([\\d.]+) ([\\d.]+))?[ ]*\\n`,
    "g",
  );
  const found = [...stdout.matchAll(pattern)].sort(([, one], [, other]) => Number(one) - Number(other));
  // An answer that stands for another would be a wrong plan.
  if (found.some(([, index], at) => Number(index) !== at))
    throw new FrameError("the answer lacks a section, or has one twice");
  return found.map(([, index = "", stdout = "", status, began, ended]) => ({
    status: Number(status),
    stdout,
    stderr: stderr.get(index) ?? "",
    ...(ended !== undefined && { durationMs: Math.round((Number(ended) - Number(began)) * 1000) }),
  }));
}

function stderrBySection(stderr: string, nonce: string): ReadonlyMap<string, string> {
  const [, ...pieces] = stderr.split(`\n${nonce} `);
  return new Map(
    pieces.map((piece) => {
      const [label = "", ...text] = piece.split("\n");
      return [label.replace(" begin", ""), text.join("\n").trim()];
    }),
  );
}

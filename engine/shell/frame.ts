import { lines, type Script, sh, trusted } from "./sh.ts";

/** What one section of a framed script printed, and its exit status. */
export interface Section {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Thrown where the output of a framed script is not whole: the shell died, or never started. */
export class FrameError extends Error {}

/** How a framed script runs. */
export interface FrameOptions {
  /** The sections after a failed one do not run. */
  readonly stopAtFailure?: boolean;
  /** They only look, and so share a shell: one process for all, where none fails. */
  readonly together?: boolean;
  /** Runs first, in the shell that runs all sections: its variables, traps and open files outlive the sections. */
  readonly prelude?: Script;
}

/** Returns one script that runs all sections, each a subshell of its own with `set -eu` and no input, framed by `nonce`. */
export function frame(sections: readonly Script[], nonce: string, options: FrameOptions = {}): Script {
  // A shell parses a whole loop before it runs any of it, so a script that arrives cut off runs nothing at all.
  return sh`
    while :; do
    LC_ALL=C; export LC_ALL; umask 077
    ${options.prelude ?? sh``}
    ${options.together ? together(sections, nonce) : apart(sections, nonce, options)}
    break
    done
    printf '\\n%s done\\n' ${nonce}
    exit 0`;
}

function apart(sections: readonly Script[], nonce: string, { stopAtFailure }: FrameOptions): Script {
  const stop = stopAtFailure ? sh`[ "$rc" = 0 ] || break` : sh``;
  return lines(sections.map((section, index) => framed(section, `${nonce} ${index}`, stop)));
}

/** All sections in one shell; where one ends that, all are run again, each in its own, and what was printed before is void. */
function together(sections: readonly Script[], nonce: string): Script {
  const all = sections.map((section, index) => ({
    section,
    label: `${nonce} ${index}`,
    call: trusted(`section_${index}`),
  }));
  return sh`
    ${lines(all.flatMap(({ section, call }) => [sh`${call}() { :`, section, sh`}`]))}
    exec 7>&1
    # What they print goes where it would; only the last word is caught.
    whole=$( exec 6>&1 >&7 7>&- 9>&- </dev/null
    set -eu
    ${lines(all.map(({ label, call }) => sh`${begin(label)}; ${call}; printf '\\n%s end 0\\n' ${label}`))}
    echo yes >&6 )
    exec 7>&-
    if [ "$whole" != yes ]; then
    printf '\\n%s again\\n' ${nonce}; printf '\\n%s again\\n' ${nonce} >&2
    ${lines(all.map(({ label, call }) => framed(call, label, sh``)))}
    fi`;
}

function framed(section: Script, label: string, stop: Script): Script {
  // The status is read on the next line: `( … ) || rc=$?` would switch `set -e` off inside the parentheses.
  // 9 is the lock's file: a daemon that a section starts must not inherit it.
  return sh`
    ${begin(label)}
    ( set -eu
    ${section}
    ) </dev/null 9>&-
    rc=$?
    printf '\\n%s end %s\\n' ${label} "$rc"
    ${stop}`;
}

function begin(label: string): Script {
  return sh`printf '\\n%s begin\\n' ${label}; printf '\\n%s begin\\n' ${label} >&2`;
}

/** Script by which a prelude or a section says one word of its own and a free text, read back by `remarks`. */
export function remark(nonce: string, word: string, text: Script): Script {
  return sh`printf '\\n%s %s %s\\n' ${nonce} ${word} "$(${text} | base64 | tr -d '\\n')"`;
}

/** The remarks in an output, by word. */
export function remarks(stdout: string, nonce: string): ReadonlyMap<string, string> {
  const found = stdout.matchAll(new RegExp(`^${nonce} ([a-z-]+) ([A-Za-z0-9+/=]*)$`, "gm"));
  return new Map([...found].map(([, word = "", text = ""]) => [word, Buffer.from(text, "base64").toString()]));
}

/** Returns the sections that ran, in order; anything printed around them is ignored. Throws `FrameError` if the end is missing. */
export function unframe(
  output: { readonly stdout: string; readonly stderr: string },
  nonce: string,
): readonly Section[] {
  if (!output.stdout.includes(`\n${nonce} done\n`)) throw new FrameError(`the script did not run to its end`);
  const [stdout = "", stderrText = ""] = [output.stdout, output.stderr].map((text) =>
    text.split(`\n${nonce} again\n`).at(-1),
  );
  const stderr = stderrBySection(stderrText, nonce);
  const pattern = new RegExp(`\\n${nonce} (\\d+) begin\\n([^]*?)\\n${nonce} \\1 end (\\d+)\\n`, "g");
  return [...stdout.matchAll(pattern)].map(([, index = "", stdout = "", status]) => ({
    status: Number(status),
    stdout,
    stderr: stderr.get(index) ?? "",
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

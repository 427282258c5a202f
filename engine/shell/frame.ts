import { lines, type Script, sh } from "./sh.ts";

/** What one section of a framed script printed, and its exit status. */
export interface Section {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Thrown where the output of a framed script is not whole: the shell died, or never started. */
export class FrameError extends Error {}

/**
 * Returns one script that runs all sections, each a subshell of its own with `set -eu` and no input, framed by `nonce`.
 * With `stopAtFailure` the sections after a failed one do not run.
 */
export function frame(sections: readonly Script[], nonce: string, options: { stopAtFailure?: boolean } = {}): Script {
  const stop = options.stopAtFailure ? sh`[ "$rc" = 0 ] || break` : sh``;
  // A shell parses a whole loop before it runs any of it, so a script that arrives cut off runs nothing at all.
  return sh`
    while :; do
    LC_ALL=C; export LC_ALL; umask 077
    ${lines(sections.map((section, index) => framed(section, `${nonce} ${index}`, stop)))}
    break
    done
    printf '\\n%s done\\n' ${nonce}
    exit 0`;
}

function framed(section: Script, label: string, stop: Script): Script {
  // The status is read on the next line: `( … ) || rc=$?` would switch `set -e` off inside the parentheses.
  return sh`
    printf '\\n%s begin\\n' ${label}; printf '\\n%s begin\\n' ${label} >&2
    ( set -eu
    ${section}
    ) </dev/null
    rc=$?
    printf '\\n%s end %s\\n' ${label} "$rc"
    ${stop}`;
}

/** Returns the sections that ran, in order; anything printed around them is ignored. Throws `FrameError` if the end is missing. */
export function unframe(
  output: { readonly stdout: string; readonly stderr: string },
  nonce: string,
): readonly Section[] {
  if (!output.stdout.includes(`\n${nonce} done\n`)) throw new FrameError(`the script did not run to its end`);
  const stderr = stderrBySection(output.stderr, nonce);
  const pattern = new RegExp(`\\n${nonce} (\\d+) begin\\n([^]*?)\\n${nonce} \\1 end (\\d+)\\n`, "g");
  return [...output.stdout.matchAll(pattern)].map(([, index = "", stdout = "", status]) => ({
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

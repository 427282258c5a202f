import { spawnSync } from "node:child_process";

/** What a reader of a dotenv file makes of it; `undefined` where it refuses the file. */
export type Reading = ReadonlyMap<string, string> | undefined;

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** A shell's own reading. No program can be started by a line that is none, and none is found. */
export function shellReading(shell: readonly string[], path: string): Reading {
  const [command = "sh", ...args] = shell;
  // `set` quotes, and each shell in a way of its own: the values are asked for one by one.
  const names = "A B C D E F G H I KEY KEYS MY_KEY";
  const script = `PATH=/nowhere; . "$1" 2>/dev/null </dev/null || :
    for name in ${names}; do eval "value=\\\${$name-unset}"; printf '%s=%s\\0' "$name" "$value"; done; printf read`;
  const { stdout } = spawnSync(command, [...args, "-c", script, "sh", path], {
    encoding: "utf8",
    env: { PATH: process.env.PATH },
  });
  if (!stdout.endsWith("\0read")) return undefined;
  const pairs = stdout.split("\0").slice(0, -1);
  return new Map(pairs.map((pair) => split(pair)).filter(([, value]) => value !== "unset"));
}

function split(pair: string): [string, string] {
  const at = pair.indexOf("=");
  return [pair.slice(0, at), pair.slice(at + 1)];
}

/** As systemd's `parse_env_file_internal` (src/basic/env-file.c, version 255), and before 254 where `old` is given. */
export function systemdReading(text: string, old?: "old"): Reading {
  const found = new Map<string, string>();
  let [state, key, value, blanks] = ["start", "", "", ""];
  const push = () => {
    if (NAME.test(key.trim())) found.set(key.trim(), value);
    [state, key, value, blanks] = ["start", "", "", ""];
  };
  const take = (character: string) => {
    value += blanks + character;
    blanks = "";
    state = "value";
  };
  const readers: Readonly<Record<string, (c: string) => void>> = {
    start(c) {
      if (c === "#" || c === ";") state = "comment";
      else if (!/\s/.test(c)) [state, key] = ["key", c];
    },
    comment(c) {
      if (c === "\\") state = "comment escape";
      else if (/[\n\r]/.test(c)) state = "start";
    },
    "comment escape"(c) {
      state = !old && /[\n\r]/.test(c) ? "start" : "comment";
    },
    key(c) {
      if (/[\n\r]/.test(c)) [state, key] = ["start", ""];
      else if (c === "=") state = "before";
      else key += c;
    },
    before(c) {
      if (/[\n\r]/.test(c)) push();
      else if (c === "'" || c === '"') state = c;
      else if (c === "\\") state = "escape";
      else if (!/\s/.test(c)) take(c);
    },
    value(c) {
      if (/[\n\r]/.test(c)) push();
      else if (c === "\\") state = "escape";
      else if (/\s/.test(c)) blanks += c;
      else take(c);
    },
    escape(c) {
      if (/[\n\r]/.test(c)) state = "value";
      else take(c);
    },
    "'"(c) {
      if (c === "'") state = "before";
      else value += c;
    },
    '"'(c) {
      if (c === '"') state = "before";
      else if (c === "\\") state = "double escape";
      else value += c;
    },
    "double escape"(c) {
      state = '"';
      if (/["\\`$]/.test(c)) value += c;
      else if (c !== "\n") value += `\\${c}`;
    },
  };
  for (const c of text) readers[state]?.(c);
  if (!["start", "key", "comment", "comment escape"].includes(state)) push();
  return found;
}

/** As compose-go's dotenv/parser.go (version 2), for values without variables. */
export function composeReading(text: string): Reading {
  const found = new Map<string, string>();
  let rest = text.replaceAll("\r\n", "\n");
  for (;;) {
    rest = rest.replace(/^(\s|#[^\n]*(\n|$))+/, "");
    if (rest === "") return found;
    const [head, name = "", sign] = /^(?:export[ \t]+)?([^=:\n]*)([=:\n]|$)/.exec(rest) ?? [""];
    if (!/^[A-Za-z0-9_.[\]-]+[ \t]*$/.test(name)) return undefined;
    rest = rest.slice(head.length);
    if (sign !== "=" && sign !== ":") continue;
    const quoted = /^[ \t]*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')/s.exec(rest);
    if (!quoted && /^[ \t]*["']/.test(rest)) return undefined;
    if (quoted) {
      rest = rest.slice(quoted[0].length);
      found.set(name.trim(), quoted[1]?.replace(/\\([$"\\])/g, "$1") ?? (quoted[2] ?? "").replaceAll("\\'", "'"));
    } else {
      const [line = ""] = rest.split("\n");
      rest = rest.slice(line.length);
      found.set(name.trim(), line.split(" #")[0]?.trim() ?? "");
    }
  }
}

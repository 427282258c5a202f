import { sh } from "../shell/sh.ts";
import { enterFolderOf, putLink } from "./folder.ts";
import { madeAt } from "./made.ts";
import { compare, defineResource, ProbeError } from "./resource.ts";
import { checkPath } from "./stat.ts";

export interface LinkDesired {
  readonly path: string;
  /** Text of the link, relative or absolute; it need not exist. */
  readonly target: string;
}

/** A symbolic link with this text. An existing link is replaced by rename; a file or directory in the way is refused. */
export const link = defineResource<LinkDesired, string | undefined>({
  name: "link",
  id: ({ path, target }) => {
    if (target === "") throw new TypeError(`link ${path}: the target is empty`);
    return checkPath(path);
  },
  // One fork a link that is there: busybox readlink takes one path, and `stat -c %N` quotes differently on every system.
  probe: (all) => sh`
    set -- ${all.map(({ path }) => path)}
    for path in "$@"; do
      if [ -L "$path" ]; then
        target=$(readlink -n -- "$path" && echo x)
        target=\${target%x}
        case "$target" in
          ''|*[!A-Za-z0-9/._-]*) printf 'link '; printf %s "$target" | base64 | tr -d '\\n'; echo ;;
          *) printf 'plain %s\\n' "$target" ;;
        esac
      elif [ -d "$path" ]; then echo directory
      elif [ -e "$path" ]; then echo file
      else echo absent; fi
    done`,
  parse: (stdout) => stdout.trimEnd().split("\n").map(parseLine),
  diff: ({ target }, current) => compare({ target }, { target: current }),
  refuses: (_, current) =>
    current?.startsWith("(a ")
      ? `${current.slice(1, -1)} is in the way: move it away first, it may hold something of yours`
      : undefined,
  makes: ({ path, target }, current) => (current === target ? [] : madeAt(path, current !== undefined)),
  keeps: ({ path }) => [path],
  apply: ({ path, target }) => sh`
    ${enterFolderOf(path)}
    ${putLink(path, target)}`,
});

/** The text of a link, or what else is there in parentheses. */
function parseLine(line: string): string | undefined {
  const [type, base64] = line.split(" ");
  if (type === "plain" && base64) return base64;
  if (type === "link" && base64) return Buffer.from(base64, "base64").toString();
  if (type === "absent") return undefined;
  if (type === "directory" || type === "file") return `(a ${type})`;
  throw new ProbeError(`link: unexpected line: ${line}`);
}

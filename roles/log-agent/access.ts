import { basename, dirname } from "node:path";
import { command, folders, type Resource, type Script, sh, type VarsOf } from "hostwright";
import type { logAgentVars } from "./vars.ts";

/**
 * Lets the agent, and nobody else, read the logs below a home that is closed to others: it may pass through each
 * folder on the way, and read what is in the last one, also what is not there yet. Proven by reading, as the agent.
 */
export function logAccess({ app_logs }: Pick<VarsOf<typeof logAgentVars>, "app_logs">, agent: string): Resource {
  const folder = dirname(app_logs);
  const pattern = basename(app_logs);
  return command(
    {
      name: `${agent} may read ${app_logs}`,
      unless: sh`
        runuser -u ${agent} -- sh -c ${READ_ALL} sh ${folder} ${pattern}
        case $(getfacl --omit-header --absolute-names -- ${folder}) in
          *${`default:user:${agent}:r`}*) ;;
          *) exit 1 ;;
        esac`,
      // The folder is the application's, which may turn any name in it meanwhile.
      run: sh`
        ${folders}
        for parent in ${parents(folder)}; do
          runuser -u ${agent} -- test -x "$parent" || ( enter "$parent" && setfacl -m ${`u:${agent}:x`} -- . )
        done
        enter ${folder}
        setfacl -m ${`u:${agent}:rx,d:u:${agent}:r`} -- .
        stage
        find .. -maxdepth 1 -type f -name ${pattern} -exec ln -P -t . -- {} +
        find . -type f -links 2 -exec setfacl -m ${`u:${agent}:r`} -- {} +
        others=$(find . -type f ! -name ..staged ! -links 2)
        [ -z "$others" ] || deny "has another name elsewhere (a hard link), so it is not opened to "${agent}": $others"`,
      undo: accessUndone(folder, agent),
    },
    { tags: [agent] },
  );
}

/** Script that takes the agent off the access lists again, and the lists away that nobody else is on: a mode is then what it was. */
export function accessUndone(folder: string, agent: string): Script {
  return sh`
    command -v setfacl >/dev/null || exit 0
    ${folders}
    undo() {
      case $(getfacl --omit-header --absolute-names -- "$1") in *${`user:${agent}:`}*) ;; *) return 0 ;; esac
      setfacl -x ${`u:${agent}`} -- "$1"
      [ ! -d "$1" ] || setfacl -x ${`d:u:${agent}`} -- "$1"
      getfacl --omit-header --absolute-names -- "$1" | grep -Eq '^(default:)?(user|group):[^:]' || setfacl -b -- "$1"
    }
    for parent in ${parents(folder)}; do if [ -d "$parent" ]; then ( enter "$parent" && undo . ); fi; done
    [ -d ${folder} ] || exit 0
    enter ${folder}
    undo .
    stage
    find .. -maxdepth 1 -type f -exec ln -P -t . -- {} +
    for file in ./*; do
      if [ -f "$file" ] && [ "$(stat -c %h -- "$file")" = 2 ]; then undo "$file"; fi
    done`;
}

/** sh: the pattern is expanded by the shell, unquoted, with nothing splitting it. */
const READ_ALL = `
  IFS=
  cd -- "$1" && [ -r . ] || exit 1
  for file in ./$2; do [ ! -e "$file" ] || [ -r "$file" ] || exit 1; done`;

/** "/home", "/home/ubuntu", … above this folder, from the top. */
export function parents(folder: string): readonly string[] {
  const above = dirname(folder);
  return above === "/" ? [] : [...parents(above), above];
}

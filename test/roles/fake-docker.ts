import { chmodSync, writeFileSync } from "node:fs";

/** A host whose docker says this of Tempo's container, by its id or by this name, and accepts files without the word "broken". */
export function fakeDocker(dir: string, image: string, name = "monitoring-tempo-1"): NodeJS.ProcessEnv {
  writeFileSync(
    `${dir}/docker`,
    `#!/bin/sh
    echo "$*" >>${dir}/calls
    case $1 in
      ps) ${image === "" ? ":" : "echo id"} ;;
      inspect) case "$*" in *" id" | *" ${image && name}") echo '${image}' ;; *) exit 1 ;; esac ;;
      image) [ -e ${dir}/pulled ] ;;
      pull) : >${dir}/pulled ;;
      run) path=$(printf '%s\\n' "$*" | sed 's/.*--volume \\([^: ]*\\):.staged.*/\\1/')
        if grep -n broken "$path" >&2; then exit 1; fi ;;
    esac
`,
  );
  chmodSync(`${dir}/docker`, 0o755);
  return { ...process.env, PATH: `${dir}:${process.env.PATH}` };
}

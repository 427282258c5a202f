import { chmodSync, writeFileSync } from "node:fs";

/** A host whose docker says this of Tempo's container and accepts files without the word "broken". */
export function fakeDocker(dir: string, image: string): NodeJS.ProcessEnv {
  writeFileSync(
    `${dir}/docker`,
    `#!/bin/sh
    echo "$*" >>${dir}/calls
    case $1 in
      ps) ${image === "" ? ":" : "echo id"} ;;
      inspect) echo '${image}' ;;
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

import { type Script, sh } from "../shell/sh.ts";

/**
 * Prelude that removes what scripts staged that were killed, and then has `stage` (engine/resource/folder.ts) note where it does, in
 * the file `staged` of the state folder, a folder a line. Under the host's lock nobody else stages. Another user may own the folder, and
 * turn any name in it: so what goes is what lies where we then stand, if that is ours alone, has the name of a staging folder and holds
 * what only `stage` puts there. No process where nothing is left.
 */
export function sweepStaged(state: string): Script {
  // The mark goes last, and the note after it: a sweep that is killed is done again.
  return sh`
    sweep() {
      cd -P -- "$1" || return
      name=\${PWD##*/}
      case $name in .staged.??????) ;; *) return ;; esac
      [ -O . ] || return
      case $(stat -c %a .) in 700 | 2700) ;; *) return ;; esac
      [ ! -f ./..staged ] || rm -rf -- ./* ./.[!.]* ./..?*
      cd -P .. && rmdir -- "./$name"
    }
    staged_in=${`${state}/staged`}
    if [ -s "$staged_in" ]; then
      sort -u -- "$staged_in" | while IFS= read -r folder; do
        for left in "$folder"/.staged.??????; do
          [ ! -d "$left" ] || ( sweep "$left" ) 2>/dev/null
        done
      done
      : >"$staged_in"
    fi
    # What failed may have been killed; where all went well nothing is left.
    forget_staged() { [ "\${rc-0}" != 0 ] || [ ! -s "$staged_in" ] || : >"$staged_in"; }`;
}

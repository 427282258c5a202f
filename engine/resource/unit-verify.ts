import { type Script, sh } from "../shell/sh.ts";

/**
 * Returns the `validate` of a unit file. systemd skips a line that it cannot read and starts the unit all the same, without
 * what the line was for; so its complaints of this file's lines count, and its exit status, which is also that of other
 * units, does not. Lines that only a newer systemd knows are skipped on purpose.
 */
export function verifyUnit(name: string): (staged: Script) => Script {
  return (staged) => sh`
    if command -v systemd-analyze >/dev/null; then
      checked=$(mktemp -d)
      cp -- ${staged} "$checked"/${name}
      said=$(systemd-analyze verify --man=no "$checked"/${name} 2>&1) || :
      rm -rf -- "$checked"
      ! printf '%s\n' "$said" | sed -n "s|^$checked/||p" | grep -E '^[^:]+:[0-9]+: ' | grep -v ': Unknown ' >&2 || exit 1
    fi`;
}

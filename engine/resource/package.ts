import { type Script, sh } from "../shell/sh.ts";
import { aptGet, fresh, LISTS, OPTIONS, settle } from "./apt.ts";
import { type Change, defineResource, ProbeError } from "./resource.ts";

export interface PackageDesired {
  /** apt's names, with `:arch` for another architecture. A name that only others provide is not one: say which. */
  readonly name: string | readonly string[];
  /** The only state so far. */
  readonly state?: "present";
}

/** By name: "installed", "absent", or dpkg's own word for a state in between. */
type PackageCurrent = ReadonlyMap<string, string>;

/** Packages installed by apt, in whatever version there is. All of a host are one resource: one transaction. */
export const pkg = defineResource<PackageDesired, PackageCurrent>({
  name: "package",
  id: (desired) => namesOf(desired).map(checkName).join(", "),
  // dpkg is of the host's own architecture. dpkg-query ends with 1 where it does not know a name: not installed. Real failures end with 2.
  probe: (all) => sh`
    command -v dpkg-query >/dev/null || { echo "has no dpkg-query: only apt hosts are supported yet" >&2; exit 1; }
    dpkg-query -W -f='\${Package} \${db:Status-Status} \${Architecture}\\n' -- dpkg ${all.flatMap(namesOf)} || [ $? = 1 ]`,
  parse: parsePackages,
  diff: (desired, current) =>
    namesOf(desired)
      .filter((name) => current.get(name) !== "installed")
      .map((name) => ({ field: name, before: current.get(name), after: "installed" })),
  makes: (_, current) =>
    [...current].flatMap(([name, state]) => (state === "absent" ? [{ what: "package", name } as const] : [])),
  apply: (_, changes) => install(changes),
  merge: (all) => ({ name: [...new Set(all.flatMap(namesOf))] }),
});

function namesOf({ name }: PackageDesired): readonly string[] {
  return [name].flat() as readonly string[];
}

/** Refuses what is no package's name (deb-control(5)); apt would take "name-" for a removal. */
function checkName(name: string): string {
  if (!/^[a-z0-9][a-z0-9+.-]*[a-z0-9+.](:[a-z0-9-]*[a-z0-9])?$/.test(name))
    throw new TypeError(`not the name of a package: ${JSON.stringify(name)}`);
  return name;
}

function parsePackages(stdout: string, all: readonly PackageDesired[]): readonly PackageCurrent[] {
  const found = stdout.split("\n").filter((line) => line !== "");
  const [, native] = /^dpkg \S+ ([a-z0-9-]+)$/m.exec(stdout) ?? [];
  if (native === undefined) throw new ProbeError(`package: found no dpkg: ${stdout.slice(0, 200)}`);
  const states = new Map(
    found.map((line) => {
      // A package that is only mentioned by others has no architecture.
      const [name, state, architecture, ...more] = line.split(" ");
      if (!name || !state || architecture === undefined || more.length > 0)
        throw new ProbeError(`package: unexpected line: ${line}`);
      return [`${name}:${architecture}`, wordFor(state)];
    }),
  );
  const stateOf = (wanted: string) => {
    const [name, architecture = native] = wanted.split(":");
    return states.get(`${name}:${architecture}`) ?? states.get(`${name}:all`) ?? "absent";
  };
  return all.map((desired) => new Map(namesOf(desired).map((name) => [name, stateOf(name)])));
}

/** A package that waits for a trigger works; one that left its configuration behind does not. */
function wordFor(state: string): string {
  if (state === "triggers-awaited" || state === "triggers-pending") return "installed";
  return state === "not-installed" || state === "config-files" ? "absent" : state;
}

/** Script that removes packages with their configuration. Nothing else goes with them. */
export function removePackages(names: readonly string[]): Script {
  // Debian's docker.io would remove every volume when it is purged, by a program that it leaves there when it is removed.
  return sh`
    ${aptGet}
    options="-y -o DPkg::Lock::Timeout=300"
    try remove $options -- ${names}
    if cd /var/lib/docker 2>/dev/null; then rm -f nuke-graph-directory.sh; cd /; fi
    try purge $options -- ${names}`;
}

function install(changes: readonly Change[]): Script {
  const names = changes.map(({ field }) => field);
  return sh`
    ${aptGet}
    lists=${LISTS}
    options="${OPTIONS} --no-install-recommends"
    ${settle}
    ${refresh(names)}
    ${notePulled(names)}
    try install $options -- ${names}
    ${noteBrought}`;
}

/** Notes what comes with these packages although nobody names it (engine/resource/made.ts), before it does. */
function notePulled(names: readonly string[]): Script {
  return sh`
    brought() {
      getent group | sed 's/^\\([^:]*\\):.*/group \\1/'
      getent passwd | sed 's/^\\([^:]*\\):.*/user \\1/'
      for path in /etc/* /opt/* /var/lib/* /var/cache/*; do
        if [ -d "$path" ] && [ ! -L "$path" ]; then printf 'folder %s\\n' "$path"; fi
      done
    }
    if [ -n "\${made_in-}" ]; then
      before=$(brought)
      for pulled in $(printf '%s\\n' "\${coming:-$(coming)}" | sed -n 's/^Inst \\([^ ]*\\) (.*/\\1/p'); do
        case ${` ${names.join(" ")} `} in *" $pulled "*) ;; *) made "$made_key" package pulled "$pulled" ;; esac
      done
    fi`;
}

/** Notes accounts and folders that scripts of packages made: not all of them remove those again. */
const noteBrought = sh`
  if [ -n "\${made_in-}" ]; then
    newline=${"\n"}
    brought | while read -r what name; do
      case $newline$before$newline in *"$newline$what $name$newline"*) ;; *) made "$made_key" "$what" package "$name" ;; esac
    done
  fi`;

/** Updates the lists unless they are of the last hour and know all packages: it takes 20 s on an emulated host. Sets $coming to what apt says of the installation, where it was asked. */
function refresh(names: readonly string[]): Script {
  return sh`
    fresh=$(${fresh}) || :
    coming() { apt-get install -s $options -- ${names} 2>/dev/null; }
    if [ -z "$fresh" ] || ! coming=$(coming); then try update; coming=; fi`;
}

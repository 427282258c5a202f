import { type Script, sh, splitLines } from "../shell/sh.ts";
import { checkAccount, getent } from "./group.ts";
import { type Change, compare, defineResource, ProbeError, touches } from "./resource.ts";
import { checkPath } from "./stat.ts";

export interface UserDesired {
  readonly name: string;
  /** Primary group, which must exist; a new user gets one of its own name unless given. */
  readonly group?: string;
  /** Groups it is in besides; others that it is in are left alone. */
  readonly groups?: readonly string[];
  /** Made for a new user if given. A later change does not move what is in the old one. */
  readonly home?: string;
  /** "/usr/sbin/nologin" unless given. */
  readonly shell?: string;
  /** Whether a new user gets a system's id and no home unless one is given; true unless given. */
  readonly system?: boolean;
}

interface UserCurrent {
  readonly home: string;
  readonly shell: string;
  /** The primary one first. */
  readonly groups: readonly string[];
}

/** A user with this group, home and shell, and in at least these groups. */
export const user = defineResource<UserDesired, UserCurrent | undefined>({
  name: "user",
  id: check,
  // `id` takes one name before coreutils 8.31 and in busybox; it fails where one of the groups has no name, and has printed all of them all the same.
  probe: (all) => sh`
    found=$(${getent(
      "passwd",
      all.map(({ name }) => name),
    )}) || [ $? = 2 ]
    ${splitLines(sh`$found`)}
    for entry do
      shift
      set -- "$@" "\${entry%%:*}"
      rest=\${entry%:*}
      printf 'entry %s:%s:%s\\n' "\${entry%%:*}" "\${rest##*:}" "\${entry##*:}"
    done
    if [ $# = 0 ]; then :
    elif groups=$(id -Gn -- "$@" 2>/dev/null); then printf '%s\\n' "$groups"
    else
      for name do
        groups=$(id -Gn -- "$name" 2>/dev/null) || [ -n "$groups" ]
        printf '%s\\n' "$groups"
      done
    fi`,
  parse: parseUsers,
  diff({ group, groups = [], home, shell = "/usr/sbin/nologin" }, current) {
    const [primary, ...others] = current?.groups ?? [];
    const inGroups = [...others, ...groups.filter((name) => name !== primary && !others.includes(name))];
    return compare(
      { state: "present", group, groups: list(inGroups), home, shell },
      { state: current ? "present" : "absent", group: primary, groups: list(others), ...pick(current) },
    );
  },
  makes: ({ name, home, groups = [] }, current) => {
    const joined = groups.filter((group) => !current?.groups.includes(group));
    if (current) return joined.map((group) => ({ what: "membership", name, detail: group }));
    return [...(home === undefined ? [] : [{ what: "folder", name: home } as const]), { what: "user", name }];
  },
  apply: (desired, changes) => (touches(changes, "state") ? add(desired) : modify(desired, changes)),
});

function check({ name, group, groups = [], home, shell }: UserDesired): string {
  for (const account of [name, ...(group === undefined ? [] : [group]), ...groups]) checkAccount(account);
  for (const path of [home, shell]) {
    if (path !== undefined && checkPath(path).includes(":")) throw new TypeError(`user ${name}: ":" in ${path}`);
  }
  return name;
}

function parseUsers(stdout: string, all: readonly UserDesired[]): readonly (UserCurrent | undefined)[] {
  const lines = stdout.split("\n").filter((line) => line !== "");
  const entries = lines.filter((line) => line.startsWith("entry ")).map((line) => line.slice("entry ".length));
  const groups = lines.slice(entries.length).map((line) => line.split(" "));
  if (groups.length !== entries.length) throw new ProbeError(`user: unexpected output: ${stdout.slice(0, 200)}`);
  const users = new Map(
    entries.map((entry, index) => {
      const [name = "", home, shell, ...more] = entry.split(":");
      if (home === undefined || shell === undefined || more.length > 0)
        throw new ProbeError(`user: unexpected entry: ${entry}`);
      return [name, { home, shell, groups: groups[index] ?? [] }];
    }),
  );
  return all.map(({ name }) => users.get(name));
}

function pick(current: UserCurrent | undefined): { home?: string; shell?: string } {
  return current ? { home: current.home, shell: current.shell } : {};
}

/** One word for a set of groups; `undefined` for none, which is nothing to ask for. */
function list(groups: readonly string[]): string | undefined {
  return groups.length > 0 ? [...groups].sort().join(",") : undefined;
}

function add({ name, group, groups = [], home, shell = "/usr/sbin/nologin", system = true }: UserDesired): Script {
  const options = [
    ...(system ? ["--system"] : []),
    ...(home !== undefined || !system ? ["--create-home"] : ["--no-create-home"]),
    ...(home === undefined ? [] : ["--home-dir", home]),
    ...(groups.length > 0 ? ["--groups", groups.join(",")] : []),
    ...["--shell", shell],
  ];
  // A group of its name may be left from before: `--user-group` alone would refuse that.
  return group === undefined
    ? sh`
      if getent group ${name} >/dev/null; then useradd ${options} --gid ${name} -- ${name}
      else useradd ${options} --user-group -- ${name}; fi`
    : sh`useradd ${options} --gid ${group} -- ${name}`;
}

function modify({ name, groups = [] }: UserDesired, changes: readonly Change[]): Script {
  const options = changes.flatMap(({ field, after = "" }) => {
    if (field === "groups") return ["--append", "--groups", groups.join(",")];
    return [{ group: "--gid", home: "--home", shell: "--shell" }[field] ?? "", after];
  });
  return sh`usermod ${options} -- ${name}`;
}

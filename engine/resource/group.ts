import { type Script, sh } from "../shell/sh.ts";
import { compare, defineResource, ProbeError } from "./resource.ts";

export interface GroupDesired {
  readonly name: string;
  /** Whether a new one gets a system's id; true unless given. An existing group keeps its id. */
  readonly system?: boolean;
}

/** A group of this name. */
export const group = defineResource<GroupDesired, boolean>({
  name: "group",
  id: ({ name }) => checkAccount(name),
  probe: (all) => sh`${getent("group", all.map(accountOf))} || [ $? = 2 ]`,
  parse(stdout, all) {
    const names = stdout.split("\n").map((entry) => entry.split(":", 1)[0] ?? "");
    const stranger = names.find((name) => name !== "" && !all.some((desired) => desired.name === name));
    if (stranger) throw new ProbeError(`group: unexpected line: ${stranger}`);
    return all.map(({ name }) => names.includes(name));
  },
  diff: (_, present) => compare({ state: "present" }, { state: present ? "present" : "absent" }),
  makes: ({ name }, present) => (present ? [] : [{ what: "group", name }]),
  apply: ({ name, system = true }) => sh`groupadd ${system ? ["--system"] : []} -- ${name}`,
});

/** Script that prints the entries of these names that there are. Its exit status is 2 if any is missing: that is no error. */
export function getent(database: "passwd" | "group", names: readonly string[]): Script {
  return sh`getent ${database} ${names}`;
}

/** Refuses what useradd(8) refuses, and numbers, which getent takes for ids. Returns the name. */
export function checkAccount(name: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/.test(name))
    throw new TypeError(`a user or group name is letters, digits, "_", "." and "-": ${JSON.stringify(name)}`);
  return name;
}

function accountOf({ name }: GroupDesired): string {
  return name;
}

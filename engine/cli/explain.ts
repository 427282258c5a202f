import { formatPlace, type Host, InventoryError, type VarValue } from "../inventory/inventory.ts";
import { hintFor } from "../inventory/suggest.ts";
import { type Reader, readersOf } from "../role/playbook.ts";
import type { Assignment } from "../run/assignment.ts";
import { MASK, Secret } from "../shell/secret.ts";

/** One line of the table: who gives the var which value. */
interface Row {
  readonly source: string;
  readonly place: string;
  readonly value: string;
}

/**
 * Returns what `explain HOST VAR` prints: every source of the var, lowest precedence first, and a star at the one that
 * wins. Secrets are masked. Throws InventoryError where nothing gives the var a value.
 */
export function explainVar(host: Host, name: string, plays: readonly Assignment[]): string {
  const own = plays.filter(({ hosts }) => hosts.some((other) => other.name === host.name));
  const roles = [...new Set(own.flatMap(({ play }) => readersOf(play)))];
  const isSecret = /^ansible_.*pass(word)?$/.test(name);
  const show = (value: unknown) => shown(value, isSecret);
  const rows = [...defaultRows(roles, name, show), ...sourceRows(host, name, own, show)];
  if (rows.length === 0) throw nothing(host, name, roles);
  const heading = { source: "SOURCE", place: "PLACE", value: "VALUE" };
  return [`${host.name}: ${name}`, ...table([heading, ...rows], rows.length)].join("\n");
}

function defaultRows(roles: readonly Reader[], name: string, show: (value: unknown) => string): readonly Row[] {
  const rows = roles.flatMap(({ name: role, schema }): Row[] => {
    const variable = schema[name];
    if (variable === undefined || variable.required) return [];
    const value = variable.default === undefined ? "not set" : show(variable.default);
    return [{ source: `role ${role}`, place: "default", value }];
  });
  // Roles that share a var share its default: one line says it.
  return rows.filter(({ value }, index) => rows.findIndex((row) => row.value === value) === index);
}

function sourceRows(
  host: Host,
  name: string,
  plays: readonly Assignment[],
  show: (value: unknown) => string,
): readonly Row[] {
  const rows = host.sources(name).map(({ level, place, value }) => ({
    source: level,
    place: formatPlace(place),
    value: show(value),
  }));
  const inPlays = plays.flatMap(({ play }) => {
    const value = play.vars?.[name];
    return value === undefined
      ? []
      : [{ source: `play ${play.name ?? play.hosts}`, place: "playbook", value: show(value) }];
  });
  // `-e` wins over plays, plays over everything else.
  const extra = rows.findIndex(({ source }) => source === "-e");
  return extra < 0 ? [...rows, ...inPlays] : [...rows.slice(0, extra), ...inPlays, ...rows.slice(extra)];
}

function nothing(host: Host, name: string, roles: readonly Reader[]): InventoryError {
  const needing = roles.filter(({ schema }) => schema[name]).map((role) => role.name);
  if (needing.length > 0)
    return new InventoryError(
      `host ${host.name}: nothing sets the var ${name}, expected a value: role ${needing.join(" and ")} needs it`,
    );
  const known = [...Object.keys(host.vars), ...roles.flatMap(({ schema }) => Object.keys(schema))];
  return new InventoryError({ message: `host ${host.name}: nothing sets the var ${name}`, hint: hintFor(name, known) });
}

function shown(value: unknown, isSecret: boolean): string {
  if (value instanceof Secret) return `${MASK} (${value.source})`;
  if (isSecret) return MASK;
  const text = JSON.stringify(value as VarValue);
  return text.length > 100 ? `${text.slice(0, 99)}…` : text;
}

function table(rows: readonly Row[], winner: number): readonly string[] {
  const width = (column: "source" | "place") => Math.max(...rows.map((row) => row[column].length));
  const [source, place] = [width("source"), width("place")];
  return rows.map((row, index) =>
    `${index === winner ? "*" : " "} ${row.source.padEnd(source)}  ${row.place.padEnd(place)}  ${row.value}`.trimEnd(),
  );
}

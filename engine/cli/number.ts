import { UsageError } from "./usage-error.ts";

/** Returns the whole number that an option gives. Throws `UsageError`. */
export function wholeNumber(flag: string, text: string | undefined, otherwise: number, minimum: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (!Number.isInteger(value) || value < minimum || text === "") {
    throw new UsageError({ message: flag, found: `"${text}"`, expected: `a whole number of at least ${minimum}` });
  }
  return value;
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/** Returns the seconds that an option gives: 90, 90s, 5m, 1h. Throws `UsageError`. */
export function seconds(flag: string, text: string | undefined, otherwise: number, minimum: number): number {
  if (text === undefined) return otherwise;
  const [, count, unit = "s"] = /^(\d{1,9})([smh])?$/.exec(text) ?? [];
  const value = Number(count) * (UNITS[unit] ?? 1);
  if (value >= minimum) return value;
  const expected = `a time of at least ${minimum} s, such as 90, 90s or 5m`;
  throw new UsageError({ message: flag, found: `"${text}"`, expected });
}

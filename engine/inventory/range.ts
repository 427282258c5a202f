import { isIP } from "node:net";
import { InventoryError, type Place } from "./inventory.ts";

/** The hosts that one key under `hosts:` names, and the port that it gives them. */
export interface HostKey {
  readonly names: readonly string[];
  readonly port: number | undefined;
}

/** Expands `web[01:20]`, `db-[a:f]`, `x[1:9:2]`, `host:2222`, `[2001:db8::1]:22`. Throws InventoryError on a broken range. */
export function expandHostKey(key: string, place: Place): HostKey {
  const { name, port } = splitAddress(key) ?? { name: key, port: undefined };
  return { names: expand(name, place), port };
}

/** Returns host and port of an address (the host may hold ranges); undefined for anything else. */
export function splitAddress(text: string): { name: string; port: number | undefined } | undefined {
  const match = /^\[(.+)\]:([0-9]+)$/.exec(text) ?? /^((?:[^:[\]]|\[[^\]]*\])*):([0-9]+)$/.exec(text);
  const name = match?.[1] ?? text;
  return isAddress(name) ? { name, port: match ? Number(match[2]) : undefined } : undefined;
}

const RANGE = /\[(?:[a-z]:[a-z]|[0-9a-f]+:[0-9a-f]+)(?::[0-9]+)?\]/gi;
const HOSTNAME = /^[\p{L}\p{N}_][\p{L}\p{N}_-]*(?<![_-])(?:\.[\p{L}\p{N}_][\p{L}\p{N}_-]*(?<![_-]))*$/u;

function isAddress(name: string): boolean {
  // A digit stands for its range: the address is valid if every host of the range is.
  const sample = name.replace(RANGE, "1");
  return isIP(sample) !== 0 || HOSTNAME.test(sample);
}

function expand(name: string, place: Place): readonly string[] {
  const open = name.indexOf("[");
  const close = name.indexOf("]");
  if (open === -1 && close === -1) return [name];
  if (open === -1 || close < open) throw broken(name, "each [ to be closed", place);
  const head = name.slice(0, open);
  const steps = sequence(name, name.slice(open + 1, close), place);
  return steps.flatMap((step) => expand(head + step + name.slice(close + 1), place));
}

function sequence(name: string, range: string, place: Place): string[] {
  const bounds = range.split(":");
  const [begin = "", end = "", stepText = "1"] = bounds;
  if (bounds.length < 2 || bounds.length > 3 || end === "")
    throw broken(name, "[begin:end] or [begin:end:step]", place);
  const step = /^[1-9][0-9]*$/.test(stepText) ? Number(stepText) : 0;
  if (step === 0) throw broken(name, "a step of 1 or more", place);
  if (isLetter(begin) && isLetter(end)) return letters({ name, begin, end, step, place });
  return numbers({ name, begin: begin || "0", end, step, place });
}

interface Bounds {
  readonly name: string;
  readonly begin: string;
  readonly end: string;
  readonly step: number;
  readonly place: Place;
}

const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const MAX_HOSTS = 10_000;

function isLetter(text: string): boolean {
  return text.length === 1 && LETTERS.includes(text);
}

function letters({ name, begin, end, step, place }: Bounds): string[] {
  const [from, to] = [LETTERS.indexOf(begin), LETTERS.indexOf(end)];
  if (from > to) throw broken(name, "begin before end", place);
  return [...LETTERS.slice(from, to + 1)].filter((_, index) => index % step === 0);
}

function numbers({ name, begin, end, step, place }: Bounds): string[] {
  if (!/^[0-9]+$/.test(begin) || !/^[0-9]+$/.test(end)) throw broken(name, "two numbers or two letters", place);
  const padded = begin.length > 1 && begin.startsWith("0");
  if (padded && begin.length !== end.length) throw broken(name, "begin and end of the same length", place);
  const [from, to] = [Number(begin), Number(end)];
  if (from > to) throw broken(name, "begin before end", place);
  const count = Math.floor((to - from) / step) + 1;
  if (count > MAX_HOSTS) throw broken(name, `at most ${MAX_HOSTS} hosts`, place);
  return Array.from({ length: count }, (_, index) => {
    const text = String(from + index * step);
    return padded ? text.padStart(begin.length, "0") : text;
  });
}

function broken(name: string, expected: string, place: Place): InventoryError {
  return new InventoryError({ place, found: `the host range "${name}"`, expected });
}

import { MASK } from "../shell/secret.ts";
import type { RunEvent } from "./event.ts";

/**
 * Fields with words of ours only; a secret that happens to be such a word must not make an event unreadable. A place is a line of
 * the playbook's code or of the inventory, and is found only when a report shows it.
 */
const WORDS: ReadonlySet<string> = new Set(["kind", "phase", "outcome", "type", "run", "place"]);

/** Returns the event with every text in it masked: nothing that a report sees can hold a secret. */
export function maskEvent(event: RunEvent, mask: (text: string) => string): RunEvent {
  return maskText(event, mask);
}

/** Returns the value with every text in it masked, at any depth. */
export function maskText<T>(value: T, mask: (text: string) => string): T {
  return maskValue(value, mask) as T;
}

function maskValue(value: unknown, mask: (text: string) => string): unknown {
  if (typeof value === "string") return mask(value);
  if (Array.isArray(value)) return value.map((item) => maskValue(item, mask));
  if (typeof value !== "object" || value === null) return value;
  if (isDifference(value)) return maskDifference(value, mask);
  const masked = (key: string, item: unknown) => (WORDS.has(key) ? item : maskValue(item, mask));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, masked(key, item)]));
}

/** Two texts of a file: what is there, and what is wanted. */
interface Difference {
  readonly before: string;
  readonly after: string;
}

function isDifference(value: object): value is Difference {
  const { before, after, ...others } = value as Partial<Record<string, unknown>>;
  return typeof before === "string" && typeof after === "string" && Object.keys(others).length === 0;
}

/** Where a text holds a secret, an earlier one, which nobody knows any more, may be on the host: of what is there only the lines that stay are shown. */
function maskDifference({ before, after }: Difference, mask: (text: string) => string): Difference {
  const wanted = mask(after);
  if (wanted === after) return { before: mask(before), after };
  const staying = new Set(["", ...after.split("\n")]);
  const shown = before.split("\n").map((line) => (staying.has(line) ? line : MASK));
  return { before: mask(shown.join("\n")), after: wanted };
}

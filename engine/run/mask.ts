import type { RunEvent } from "./event.ts";

/** Fields with words of ours only; a secret that happens to be such a word must not make an event unreadable. */
const WORDS: ReadonlySet<string> = new Set(["kind", "phase", "outcome", "type", "run"]);

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
  const masked = (key: string, item: unknown) => (WORDS.has(key) ? item : maskValue(item, mask));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, masked(key, item)]));
}

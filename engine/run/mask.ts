import type { RunEvent } from "./event.ts";

/** Returns the event with every text in it masked: nothing that a report sees can hold a secret. */
export function maskEvent(event: RunEvent, mask: (text: string) => string): RunEvent {
  return maskValue(event, mask) as RunEvent;
}

function maskValue(value: unknown, mask: (text: string) => string): unknown {
  if (typeof value === "string") return mask(value);
  if (Array.isArray(value)) return value.map((item) => maskValue(item, mask));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, maskValue(item, mask)]));
}

import { VarError } from "hostwright";
import type { Listening } from "./service.ts";

/** Throws where two want one port of a host, and the second is among `own`: whichever starts second would fail. */
export function checkPorts(all: readonly Listening[], own: readonly Listening[], why: string): void {
  for (const [index, one] of all.entries()) {
    const other = all.slice(0, index).find(({ port }) => port === one.port);
    if (!other || !own.includes(one)) continue;
    const [a, b] = [other, one].map(({ setBy, what }) => setBy ?? what);
    const variables = [one.setBy, other.setBy].filter((name) => name !== undefined);
    throw new VarError([variables[0] ?? "gateway", ...variables.slice(1)], {
      found: `that ${a} and ${b} are both ${one.port}`,
      expected: `two: ${why}`,
    });
  }
}

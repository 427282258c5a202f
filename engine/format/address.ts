import { isIPv4, isIPv6 } from "node:net";

/** Returns what keeps this text from being an address or a name that a host can be reached by; undefined where nothing does. */
export function addressProblem(text: string): string | undefined {
  if (isIPv4(text) || (isIPv6(text) && !text.includes("%"))) return undefined;
  const [, found] = SLIPS.find(([slip]) => slip.test(text)) ?? [];
  if (found !== undefined) return found;
  if (/^[\d.-]+$/.test(text)) return "this is no IPv4 address";
  return NAME.test(text) && text.length <= LONGEST ? undefined : "this is no name of a host";
}

/** The same for what SSH connects to, which may also be a name of ssh_config in any script, or have a zone: `fe80::1%eth0`. */
export function sshAddressProblem(text: string): string | undefined {
  if (isIPv6(text)) return undefined;
  return addressProblem(text.replaceAll(/\p{L}\p{M}*/gu, "a"));
}

/** Labels of letters, digits, hyphens and, as in many private zones, underscores. */
const NAME = /^\w([\w-]*\w)?(\.\w([\w-]*\w)?)*$/;
const LONGEST = 253;

/** What people write where an address belongs, the surest sign first. */
const SLIPS: readonly (readonly [RegExp, string])[] = [
  [/:\/\//, "this is a URL"],
  [/@/, "this has a user"],
  [/\s/, "this has a space"],
  [/^[\d.]+\/\d+$|^[\da-f:]+\/\d+$/i, "this has a prefix length"],
  [/\//, "this has a path"],
  [/^\[[\da-f:.]+\](:\d+)?$/i, "this has brackets"],
  [/[[\]*?]|^[\d.]+\.\d+-\d+$/, "this is a range or a pattern"],
  [/^[^:]+:\d+$/, "this has a port"],
  [/[,;]/, "this has a comma"],
  [/\.$/, "this ends in a dot"],
];

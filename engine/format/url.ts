import { isIPv4, isIPv6 } from "node:net";
import { addressProblem } from "./address.ts";

/** Returns what keeps this text from being a URL that a program can ask; undefined where nothing does. */
export function urlProblem(text: string): string | undefined {
  return webhookProblem(text) ?? (new URL(text).username === "" ? undefined : "this has a user or a password");
}

/** The same where a user and a password may be part of it, as in the webhooks that some services give out. */
export function webhookProblem(text: string): string | undefined {
  if (/[\s\p{Cc}]/u.test(text)) return "this has a space";
  if (!/^https?:\/\//.test(text)) return "this does not begin with http:// or https://";
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) return "this has no host, or a port that is none";
  if (url.hash !== "" || text.endsWith("#")) return "this has a fragment (#)";
  if (url.port === "0") return "0 is no port";
  return hostProblem(text, url);
}

/** The same for a URL to which paths are added. */
export function folderUrlProblem(text: string): string | undefined {
  const problem = urlProblem(text);
  if (problem !== undefined) return problem;
  if (text.includes("?")) return "this has a query (?)";
  return text.endsWith("/") ? "this ends in a slash" : undefined;
}

/** The same for a URL of which people open pages, with or without a slash at its end. */
export function pageUrlProblem(text: string): string | undefined {
  return folderUrlProblem(text.replace(/\/$/, ""));
}

/** Returns what keeps this text from being `host:port`. */
export function hostPortProblem(text: string): string | undefined {
  const { host, port } = split(text);
  return addressProblem(host) ?? (port === undefined ? "this has no port" : portProblem(port));
}

/** Returns what keeps this text from being `host` or `host:port`. */
export function endpointProblem(text: string): string | undefined {
  const { host, port } = split(text);
  return addressProblem(host) ?? (port === undefined ? undefined : portProblem(port));
}

// The parser of URLs reads `http://1.2` as 1.0.0.2 and forgives much else: it is asked what it made of the host as written.
function hostProblem(text: string, { hostname }: URL): string | undefined {
  const written = /^https?:\/\/(?:[^/?#]*@)?(\[[^\]]*\]|[^/?#:]*)/.exec(text)?.[1] ?? "";
  const address = written.replace(/^\[(.*)\]$/, "$1");
  if (isIPv6(address)) return undefined;
  if (isIPv4(hostname) && !isIPv4(address)) return "this has no IPv4 address";
  return addressProblem(address);
}

function split(text: string): { readonly host: string; readonly port: string | undefined } {
  const [, inBrackets, plain, port] = /^(?:\[([\da-fA-F:.]+)\]|([^:]*))(?::([^:]*))?$/.exec(text) ?? [];
  return { host: inBrackets ?? plain ?? text, port };
}

function portProblem(port: string): string | undefined {
  return /^[1-9]\d{0,4}$/.test(port) && Number(port) < 65_536 ? undefined : `"${port}" is no port`;
}

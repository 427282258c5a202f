import { addressProblem } from "./address.ts";

/** Scheme, login, host, port and the rest. The parser of URLs forgives too much: to it `http://1.2` is 1.0.0.2. */
const URL_PARTS = /^https?:\/\/(?:([^/?#]*)@)?(?:\[([^\]]*)\]|([^/?#:]*))(?::([^/?#]*))?(?:[/?][^#]*)?(#.*)?$/;

/** Returns what keeps this text from being a URL that a program can ask; undefined where nothing does. */
export function urlProblem(text: string): string | undefined {
  const hasLogin = URL_PARTS.exec(text)?.[1] !== undefined;
  return webhookProblem(text) ?? (hasLogin ? "this has a user or a password" : undefined);
}

/** The same where a user and a password may be part of it, as in the webhooks that some services give out. */
export function webhookProblem(text: string): string | undefined {
  if (/[\s\p{Cc}]/u.test(text)) return "this has a space";
  if (!/^https?:\/\//.test(text)) return "this does not begin with http:// or https://";
  const [whole, , inBrackets, plain, port, fragment] = URL_PARTS.exec(text) ?? [];
  const host = inBrackets ?? plain ?? "";
  if (whole === undefined || host === "") return "this has no host";
  if (fragment !== undefined) return "this has a fragment (#)";
  return addressProblem(host) ?? (port === undefined ? undefined : portProblem(port));
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

function split(text: string): { readonly host: string; readonly port: string | undefined } {
  if (text.includes("://")) return { host: text, port: undefined };
  const [, inBrackets, plain, port] = /^(?:\[([\da-fA-F:.]+)\]|([^:]*))(?::([^:]*))?$/.exec(text) ?? [];
  return { host: inBrackets ?? plain ?? text, port };
}

function portProblem(port: string): string | undefined {
  return /^[1-9]\d{0,4}$/.test(port) && Number(port) < 65_536 ? undefined : `"${port}" is no port`;
}

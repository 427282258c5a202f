/** What the controller itself downloads is text of some kB. */
const MAX_BYTES = 1024 ** 2;
const MAX_HOPS = 5;
const TIMEOUT_MS = 20_000;

/**
 * Returns the text at a URL, which may lead on within its own host and to these. Throws an `Error` that says why not: where it
 * leads to any other host, from https to http, or is larger than 1 MiB.
 */
export async function download(url: string, hosts: readonly string[] = []): Promise<string> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const known = [new URL(url).hostname, ...hosts];
  let at = new URL(url);
  for (let hop = 0; hop <= MAX_HOPS; hop++) {
    const response = await fetch(at, { signal, redirect: "manual" });
    const place = response.headers.get("location");
    if (response.status < 300 || response.status >= 400 || place === null) return textOf(response);
    await response.body?.cancel();
    at = next(at, place, known);
  }
  throw new Error(`it leads on more than ${MAX_HOPS} times`);
}

function next(at: URL, place: string, known: readonly string[]): URL {
  const to = new URL(place, at);
  if (!known.includes(to.hostname))
    throw new Error(
      `it leads on to ${to.hostname || place}, which is none of its hosts: if its authors publish there, allow that host (var release_hosts)`,
    );
  if (at.protocol === "https:" && to.protocol !== "https:")
    throw new Error(`it leads on to ${to.protocol}//${to.host}, without TLS`);
  return to;
}

async function textOf(response: Response): Promise<string> {
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new Error(`it is larger than ${MAX_BYTES} bytes: is the URL right?`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

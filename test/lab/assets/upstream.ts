const PROBE_TIMEOUT_MS = 4000;
const HUB = "https://registry-1.docker.io/v2/";
const GITHUB = "https://github.com/grafana/loki/releases/download/v3.4.1/SHA256SUMS";

// One process is one run; nobody but the two functions below writes here.
const answered = new Map<string, Promise<boolean>>();

/** Whether Docker Hub answers. Asks once a run. */
export function hubAnswers(): Promise<boolean> {
  return once(HUB);
}

/** Whether the release downloads of GitHub answer. Asks once a run. */
export function githubAnswers(): Promise<boolean> {
  return once(GITHUB);
}

function once(url: string): Promise<boolean> {
  const known = answered.get(url) ?? probe(url);
  answered.set(url, known);
  return known;
}

async function probe(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { method: "HEAD", signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    // Docker Hub says 401 to everybody who has not logged in; a proxy that forbids says 403.
    return response.ok || response.status === 401;
  } catch {
    // Whatever the reason, the answer is no: that is what this function is for.
    return false;
  }
}

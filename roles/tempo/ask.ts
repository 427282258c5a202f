import type { HostVars, Script } from "hostwright";
import { get } from "../curl.ts";
import { varsOfHost } from "../hosts.ts";
import { containerRuns, type Hop, isReady } from "../proof.ts";
import { LOOPBACK } from "../publish.ts";
import { tempoVars } from "./vars.ts";

const portVars = { tempo_port: tempoVars.tempo_port };

/** Script for the monitoring host that asks Tempo itself. */
export function askTempo(monitoring: HostVars, path: string, query: Readonly<Record<string, string>> = {}): Script {
  return get({ url: `http://${LOOPBACK}:${varsOfHost(portVars, monitoring).tempo_port}${path}`, query });
}

/** Tempo runs, and answers. */
export function tempoIsThere(monitoring: HostVars): readonly Hop[] {
  const { name } = monitoring;
  return [containerRuns(name, "tempo"), isReady(name, "tempo", askTempo(monitoring, "/ready"))];
}

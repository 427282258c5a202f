import type { Asker, Finding, HostVars, Said, Site } from "../../engine/index.ts";
import { verify } from "../../roles/verify/index.ts";
import { appHost, monitoringHost, siteOf } from "./site.ts";

/** Hosts on which every script says what the first pattern that it matches has. */
export function stage(
  answers: readonly (readonly [RegExp, Partial<Said>])[],
  vars: HostVars["vars"] = {},
  locked: Site["releases"] = {},
  monitoringVars: HostVars["vars"] = {},
) {
  let clock = 1_700_000_000_000;
  const told: Finding[] = [];
  const notes: string[] = [];
  const asked: string[] = [];
  const asker: Asker = {
    sites: [siteOf([appHost("app-1", "dev", vars), monitoringHost(monitoringVars)], locked)],
    async ask(host, scripts) {
      return scripts.map(({ text }) => {
        asked.push(`${host}: ${text}`);
        const said = answers.find(([pattern]) => pattern.test(text))?.[1] ?? {};
        return { status: 0, stdout: "", stderr: "", ...said };
      });
    },
    facts: async () => Promise.reject(new Error("not asked for")),
    tell: (_host, finding) => told.push(finding),
    note: (_host, line) => notes.push(line),
    async pause(ms) {
      clock += ms;
    },
  };
  return { told, notes, asked, run: () => verify(() => clock)(asker) };
}

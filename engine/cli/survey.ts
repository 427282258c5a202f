import type { Inventory } from "../inventory/inventory.ts";
import type { Said } from "../role/playbook.ts";
import type { Site } from "../role/role.ts";
import type { Schema } from "../role/schema.ts";
import type { Script } from "../shell/sh.ts";
import { askHosts, codeOf } from "./exec.ts";
import { type Options, parseOptions, UsageError } from "./options.ts";
import { loadFor, runProgram, say } from "./program.ts";

/** The hosts of an inventory, as roles see them. */
export type Sites = Pick<Site, "hosts">;

/** A program that tells what an inventory means, and with `--probe` compares that with what hosts say. */
export interface Survey {
  readonly help: string;
  /** Schemas of the vars that it reads. */
  readonly reads: readonly Schema[];
  /** A pattern: the hosts to ask. */
  readonly hosts: string;
  /** Read-only; what hosts are asked with `--probe`. */
  readonly question: Script;
  /** What is printed; `said` has the hosts that answered. Given without `--probe`, it is undefined. */
  text(sites: Sites, said?: ReadonlyMap<string, Said>): string;
  /** The same for `--json`. */
  data(sites: Sites, said?: ReadonlyMap<string, Said>): unknown;
}

/** Runs a survey when its file (`import.meta.url`) was started. Hosts are contacted with `--probe` only. */
export async function runSurvey(survey: Survey, url: string): Promise<void> {
  await runProgram(url, async (args, program) => {
    const options = parseOptions(args, { own: ["probe"], program });
    if (options.help) return say(survey.help);
    const sites = sitesOf(await loadFor(options, survey.reads));
    const answers = options.flags.has("probe") ? await ask(survey, options) : undefined;
    const said = answers && new Map(answers.flatMap((one) => ("value" in one ? [[one.host, one.value] as const] : [])));
    say(saying(() => (options.json ? JSON.stringify(survey.data(sites, said)) : survey.text(sites, said))));
    return answers ? codeOf(answers, () => true) : 0;
  });
}

function ask(survey: Survey, options: Options) {
  return askHosts<Said>(
    options,
    { pattern: survey.hosts, isOwn: true, become: true, schemas: survey.reads },
    async (session) => {
      const [section] = (await session.probe([survey.question])).sections;
      return section ?? { status: 255, stdout: "", stderr: "no answer" };
    },
  );
}

/** What is wrong with vars is for whoever wrote them. */
function saying(text: () => string): string {
  try {
    return text();
  } catch (error) {
    throw error instanceof Error ? new UsageError(error.message, { cause: error }) : error;
  }
}

function sitesOf({ groups, hosts }: Inventory): Sites {
  return { hosts: (group) => (groups.get(group)?.members ?? []).flatMap((name) => hosts.get(name) ?? []) };
}

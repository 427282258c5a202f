import type { Inventory } from "../inventory/inventory.ts";
import type { Said } from "../role/playbook.ts";
import type { Site } from "../role/role.ts";
import type { Schema } from "../role/schema.ts";
import type { Script } from "../shell/sh.ts";
import { askHosts, codeOf } from "./exec.ts";
import { parseOptions, UsageError } from "./options.ts";
import { loadFor, runProgram, say } from "./program.ts";

/** The hosts of an inventory, as roles see them. */
export type Sites = Pick<Site, "hosts">;

/** A program of one's own that reads an inventory, and may ask hosts. */
export interface Tool {
  /** What `--help` prints. */
  readonly help: string;
  /** Flags of its own: "probe" for `--probe`. */
  readonly flags?: readonly string[];
  /** Schemas of the vars that it reads: they are typed, and their secrets not shown. */
  readonly reads: readonly Schema[];
  /** Returns what to print. What it throws is for whoever wrote the vars: one line, exit 1. */
  run(given: ToolInput): Promise<string>;
}

/** What a tool is given. */
export interface ToolInput {
  readonly sites: Sites;
  /** The command line has `--json`. */
  readonly json: boolean;
  readonly flags: ReadonlySet<string>;
  /** Runs a script that reads, as root, on the hosts of a pattern; returns what each said. Who could not be asked is told and counts for the exit code. */
  ask(pattern: string, script: Script): Promise<ReadonlyMap<string, Said>>;
}

/** Runs a tool when its file (`import.meta.url`) was started. Exit 2 or 4 where a host could not be asked. */
export async function runTool(tool: Tool, url: string): Promise<void> {
  await runProgram(url, async (args, program) => {
    const options = parseOptions(args, { own: [...(tool.flags ?? [])], program });
    if (options.help) return say(tool.help);
    const { json, flags } = options;
    let code = 0;
    const ask: ToolInput["ask"] = async (pattern, script) => {
      const question = { pattern, isOwn: true, become: true, schemas: tool.reads };
      const answers = await askHosts<Said>(options, question, async (session) => {
        const [section] = (await session.probe([script])).sections;
        return section ?? { status: 255, stdout: "", stderr: "no answer" };
      });
      code = Math.max(
        code,
        codeOf(answers, () => true),
      );
      return new Map(answers.flatMap((one) => ("value" in one ? [[one.host, one.value] as const] : [])));
    };
    const sites = sitesOf(await loadFor(options, tool.reads));
    say(await explained(tool.run({ sites, json, flags, ask })));
    return code;
  });
}

async function explained(text: Promise<string>): Promise<string> {
  try {
    return await text;
  } catch (error) {
    throw error instanceof Error && !(error instanceof UsageError)
      ? new UsageError(error.message, { cause: error })
      : error;
  }
}

function sitesOf({ groups, hosts }: Inventory): Sites {
  return { hosts: (group) => (groups.get(group)?.members ?? []).flatMap((name) => hosts.get(name) ?? []) };
}

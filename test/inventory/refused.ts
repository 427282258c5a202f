import type { Test } from "tap";
import { connectionVars } from "../../engine/inventory/connection-vars.ts";
import { parseExtraVars } from "../../engine/inventory/extra-vars.ts";
import { loadInventory } from "../../engine/inventory/load.ts";
import { selectHosts } from "../../engine/inventory/pattern.ts";

/** A wrong input and the message it gets. */
export interface Wrong {
  readonly name: string;
  /** The inventory's text; `files` adds others beside it. */
  readonly text?: string;
  readonly files?: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly inventory?: string;
  readonly extra?: readonly string[];
  readonly pattern?: string;
  /** The whole message; DIR stands for the folder of the inventory. */
  readonly message: string;
}

/** Tests that each input is refused with exactly its message. */
export function refuses(t: Test, cases: readonly Wrong[]): void {
  for (const wrong of cases) {
    t.test(`${wrong.name} is refused with place, found and expected`, async (t) => {
      const dir = t.testdir({ ...(wrong.text !== undefined && { "hosts.yml": wrong.text }), ...wrong.files });
      const shown = dir.slice(process.cwd().length + 1);
      t.equal((await attempt(wrong, dir)).replaceAll(dir, "DIR").replaceAll(shown, "DIR"), wrong.message);
    });
  }
}

async function attempt(
  { text, inventory = "hosts.yml", extra = [], pattern = "all" }: Wrong,
  dir: string,
): Promise<string> {
  try {
    const loaded = await loadInventory([`${dir}/${inventory}`], { env: {}, extraVars: parseExtraVars(extra, {}) });
    for (const name of selectHosts(loaded, pattern)) {
      const host = loaded.hosts.get(name);
      if (host) connectionVars(host);
    }
    return `no error for ${text}`;
  } catch (error) {
    return error instanceof Error && error.name === "InventoryError" ? error.message : String(error);
  }
}

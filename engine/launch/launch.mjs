// node --import=hostwright/launch: TypeScript starts as one file of JavaScript, made when it is first used
// (docs/decisions/0002-typescript-as-bundles.md). `.npmrc` has it for zx; without it Node 22.18 and newer run the same files as they are.
import { mkdirSync, realpathSync } from "node:fs";
import * as module from "node:module";
import { CACHE } from "./bundle.mjs";

// NODE_OPTIONS hands this to every program below npm: it is meant for zx, and for what names it itself.
const isAsked = process.execArgv.some((arg) => arg.endsWith("hostwright/launch"));
if (isAsked || /\/zx\/build\/cli\.c?js$/.test(programFile())) {
  module.enableCompileCache?.(ownFolder(CACHE, "compiled"));
  process.setSourceMapsEnabled(true);
  // In the thread of the program where that can be had; Node 20 has it beside.
  if (module.registerHooks) module.registerHooks(await import("./hooks.mjs"));
  else module.register("./hooks.mjs", import.meta.url);
}

/** A folder that only this user may read: what is compiled has the texts of what it was. */
function ownFolder(parent, name) {
  try {
    mkdirSync(parent, { recursive: true });
    mkdirSync(`${parent}/${name}`, { mode: 0o700 });
  } catch {
    // It is there, or nothing can be kept.
  }
  return `${parent}/${name}`;
}

function programFile() {
  try {
    return realpathSync(process.argv[1] ?? "");
  } catch {
    return "";
  }
}

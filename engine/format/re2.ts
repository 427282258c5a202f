import { createRequire } from "node:module";

/** Returns what Go's regexp package says of this pattern where it refuses it; undefined where it takes it. */
export function re2Problem(pattern: string): string | undefined {
  try {
    re2().compile(pattern);
    return undefined;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return message.replace("error parsing regexp: ", "").replaceAll("`", '"');
  }
}

/** Whether some part of the text matches, as an agent written in Go sees it. Throws on a pattern that RE2 refuses. */
export function re2Matches(pattern: string, text: string): boolean {
  return re2().compile(pattern).matcher(text).find();
}

/** It is as large as all of the engine, and most runs have no pattern of their own. */
function re2(): typeof import("re2js").RE2JS {
  return createRequire(import.meta.url)("re2js").RE2JS;
}

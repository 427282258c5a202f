import { RE2JS } from "re2js";

/** Returns what Go's regexp package says of this pattern where it refuses it; undefined where it takes it. */
export function re2Problem(pattern: string): string | undefined {
  try {
    RE2JS.compile(pattern);
    return undefined;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return message.replace("error parsing regexp: ", "").replaceAll("`", '"');
  }
}

/** Whether some part of the text matches, as an agent written in Go sees it. Throws on a pattern that RE2 refuses. */
export function re2Matches(pattern: string, text: string): boolean {
  return RE2JS.compile(pattern).matcher(text).find();
}

import { sha256, type Text } from "hostwright";

/** What a configuration without a mark has in the place of one. */
const UNMARKED = "2m0s";

/**
 * Returns a configuration that carries a mark of its own content, and the mark: a service that prints the mark reads this
 * content and no other. The mark has to be a value, since services print their configuration without comments; it is the
 * time after which idle connections are closed, two minutes and the content's hash as a fraction of a second, written as
 * Go prints it.
 */
export function marked(render: (mark: string) => Text): { readonly content: Text; readonly mark: string } {
  const mark = markOf(sha256(render(UNMARKED)));
  return { content: render(mark), mark };
}

function markOf(hash: string): string {
  const number = Number.parseInt(hash.slice(0, 12), 16);
  // Go prints no zero at the end.
  const fraction = `${String(number % 1e8).padStart(8, "0")}${(number % 9) + 1}`;
  return `2m0.${fraction}s`;
}

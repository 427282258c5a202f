/** Returns the candidate that was probably meant, or undefined when none is near. */
export function suggest(found: string, candidates: Iterable<string>): string | undefined {
  const ranked = [...new Set(candidates)]
    .filter((candidate) => candidate !== found)
    .map((candidate) => ({ candidate, distance: distance(found.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, distance }) => distance <= tolerance(found, candidate))
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.candidate;
}

/** `did you mean "x"?`, or undefined when no candidate is near. */
export function hintFor(found: string, candidates: Iterable<string>): string | undefined {
  const meant = suggest(found, candidates);
  return meant === undefined ? undefined : `did you mean "${meant}"?`;
}

// One slip in a short word, up to three in a long one; a word of two letters is never "meant" by another.
function tolerance(a: string, b: string): number {
  return Math.min(3, Math.floor(Math.max(a.length, b.length) / 3));
}

/** Edits between two words; two neighbouring letters swapped are one edit (optimal string alignment). */
function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  const cell = (row: number, column: number) => rows[row]?.[column] ?? Number.POSITIVE_INFINITY;
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(
        Math.min(
          cell(i - 1, j) + 1,
          cell(i, j - 1) + 1,
          cell(i - 1, j - 1) + cost,
          swapped ? cell(i - 2, j - 2) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
  }
  return cell(a.length, b.length);
}

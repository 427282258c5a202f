/** Returns neighbours that are alike as lists of their own, in order. */
export function inARow<T>(all: readonly T[], areAlike: (one: T, other: T) => boolean): readonly (readonly T[])[] {
  const rows: [T, ...T[]][] = [];
  for (const one of all) {
    const last = rows.at(-1);
    if (last && areAlike(last[0], one)) last.push(one);
    else rows.push([one]);
  }
  return rows;
}

/** Pieces that some reader of texts treats in a way of its own. */
const PIECES = [
  ..."abcXYZ019_-.,/@",
  ..." \t'\"\\`$%{}[]()<>|&;*?!~^=:#",
  "\n",
  "\r\n",
  "\\n",
  "$(id)",
  "`id`",
  `$${"{HOME}"}`,
  "$HOME",
  "$$",
  "%n",
  "%%",
  "{{x}}",
  ": ",
  " #",
  "- ",
  "\\\n",
  "'\\''",
  "é",
  "한",
  "😀",
  "\u0001",
  "\u001b[2J",
  "\u007f",
  "\u0080",
  "\u0085",
  "\u00a0",
  "\u2028",
  "\u202e",
  "\ufeff",
  "\uffff",
  "\ud800",
  "\0",
];

const LONGEST = 12;

/** Returns so many texts made of these pieces, the same ones for a seed. */
export function randomStrings(count: number, seed: number): readonly string[] {
  const below = generator(seed);
  return Array.from({ length: count }, () =>
    Array.from({ length: below(LONGEST) }, () => PIECES[below(PIECES.length)]).join(""),
  );
}

/** Marsaglia's xorshift (2003), 32 bits: numbers below a bound. */
function generator(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
}

/** Splits texts in those that `make` takes and those that it refuses, each with its error. */
export function taken(
  texts: readonly string[],
  make: (text: string) => unknown,
): { readonly kept: readonly string[]; readonly refused: readonly (readonly [string, Error])[] } {
  const kept: string[] = [];
  const refused: [string, Error][] = [];
  for (const text of texts) {
    try {
      make(text);
      kept.push(text);
    } catch (error) {
      refused.push([text, error as Error]);
    }
  }
  return { kept, refused };
}

/** Pieces of so many entries. */
export function chunks<T>(all: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
    all.slice(index * size, (index + 1) * size),
  );
}

/** Where two lists of texts differ, for a message of bearable length. */
export function differences(found: readonly string[], wanted: readonly string[]): readonly string[] {
  const all = wanted.flatMap((text, index) =>
    found[index] === text ? [] : [`${JSON.stringify(text)} became ${JSON.stringify(found[index])}`],
  );
  return found.length === wanted.length
    ? all.slice(0, 5)
    : [`${found.length} texts of ${wanted.length}`, ...all.slice(0, 5)];
}

/** What is wrong, in parts: reports have each as data. */
export interface Mismatch {
  /** What it is about, where that has a name. */
  readonly message?: string | undefined;
  readonly found: string;
  readonly expected: string;
  /** What to do next. */
  readonly hint?: string | undefined;
}

/** The parts that there are in one line: `message: found X, expected Y; hint`. */
export function formatMismatch({ message, found, expected, hint }: Partial<Mismatch>): string {
  const values = found === undefined ? undefined : `found ${found}, expected ${expected}`;
  const said = [message, values].filter((part) => part !== undefined).join(": ");
  return hint === undefined ? said : `${said}; ${hint}`;
}

/** Something is not what it has to be. Throw it rather than an `Error`: reports have what was found and expected as data. */
export class MismatchError extends TypeError {
  readonly mismatch: Mismatch;

  constructor(mismatch: Mismatch, options?: ErrorOptions) {
    super(formatMismatch(mismatch), options);
    this.mismatch = mismatch;
  }
}

/** A host that does not let us work: no root, no shell. `hint` says what to do. */
export class SessionError extends Error {
  readonly hint: string | undefined;
  /** Exit code of the command that should have become root. */
  readonly code: number | undefined;

  constructor(
    message: string,
    more: { readonly hint?: string; readonly code?: number; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: more.cause });
    this.hint = more.hint;
    this.code = more.code;
  }
}

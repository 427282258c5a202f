/** A var that does not go together with others. Before any host is contacted it is said with the var's place. */
export class VarError extends Error {
  override readonly name = "VarError";
  readonly variable: string;

  /** `text` says what was found and what was expected. */
  constructor(variable: string, text: string) {
    super(`var ${variable}: ${text}`);
    this.variable = variable;
  }
}

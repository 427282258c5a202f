/** A var that does not go together with others. Before any host is contacted it is said with the var's place. */
export class VarError extends Error {
  override readonly name = "VarError";
  readonly variable: string;
  readonly host: string | undefined;

  /** `text` says what was found and what was expected; `host` whose var it is, where that is another one than the role's. */
  constructor(variable: string, text: string, host?: string) {
    super(`${host === undefined ? "" : `host ${host}: `}var ${variable}: ${text}`);
    this.variable = variable;
    this.host = host;
  }
}

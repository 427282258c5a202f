/** A var that does not go together with others, whatever the machine. Before any host is contacted it is said with the var's place. */
export class VarError extends Error {
  override readonly name = "VarError";
  /** Those that are part of it, the likeliest first: the first that the inventory sets is named. */
  readonly variables: readonly [string, ...string[]];
  readonly text: string;
  readonly host: string | undefined;

  /** `text` says what was found and what was expected; `host` whose var it is, where that is another one than the role's. */
  constructor(variables: string | readonly [string, ...string[]], text: string, host?: string) {
    const all = typeof variables === "string" ? ([variables] as const) : variables;
    super(`${host === undefined ? "" : `host ${host}: `}var ${all[0]}: ${text}`);
    this.variables = all;
    this.text = text;
    this.host = host;
  }
}

import { type Mismatch, MismatchError } from "../format/mismatch.ts";

/** A var that does not go together with others, whatever the machine. Before any host is contacted it is said with the var's place. */
export class VarError extends MismatchError {
  override readonly name = "VarError";
  /** Those that are part of it, the likeliest first: the first that the inventory sets is named. */
  readonly variables: readonly [string, ...string[]];
  readonly host: string | undefined;

  /** `host` is whose var it is, where that is another one than the role's. */
  constructor(variables: string | readonly [string, ...string[]], said: Omit<Mismatch, "message">, host?: string) {
    const all = typeof variables === "string" ? ([variables] as const) : variables;
    super({ ...said, message: `${host === undefined ? "" : `host ${host}: `}var ${all[0]}` });
    this.variables = all;
    this.host = host;
  }
}

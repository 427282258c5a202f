import { formatProblem, type Problem } from "../inventory/inventory.ts";

/** A command line or a playbook that cannot be followed; the message says what to write instead. */
export class UsageError extends Error {
  readonly problem: Problem;

  constructor(said: string | Problem, options?: ErrorOptions) {
    const problem = typeof said === "string" ? { message: said } : said;
    super(formatProblem(problem), options);
    this.problem = problem;
  }
}

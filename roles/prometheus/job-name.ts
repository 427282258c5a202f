/** The name of the job that reads a kind of metrics in an environment. */
export function jobName(environment: string, kind: string): string {
  return `${environment}_${kind}_metrics`;
}

import t from "tap";
import { metricsPathOf, metricsPathProblem } from "../../../roles/application/metrics-path.ts";

for (const [name, stdout, problem] of [
  ["Spring Boot's", "200 text/plain;version=0.0.4;charset=utf-8\nknown\n", undefined],
  ["a page", "200 text/html\nmissing\n", /content type is "text\/html"/],
  ["another application's", "200 text/plain; version=0.0.4\nmissing\n", /there is no jvm_x/],
  ["a login", "401 \nmissing\n", /HTTP 401/],
  ["nobody's", "000 \nmissing\n", /no answer/],
] as const) {
  t.test(`metrics path: ${name} answer`, async (t) => {
    const found = metricsPathProblem(metricsPathOf({ status: 0, stdout, stderr: "" }), "jvm_x");
    if (problem) t.match(found, problem);
    else t.equal(found, undefined);
  });
}

import { spawnSync } from "node:child_process";
import t from "tap";
import { answerOf, get } from "../../roles/curl.ts";

t.test("answers are read with their status; no answer has a reason", async (t) => {
  t.match(answerOf({ status: 0, stdout: "a\nb\n200", stderr: "" }), { code: 200, body: "a\nb" });
  t.match(answerOf({ status: 7, stdout: "\n000", stderr: "curl: (7) refused" }), { code: 0, reason: "(7) refused" });
});

t.test("the password is in no argument of curl", async (t) => {
  const script = get({ url: "http://127.0.0.1:1/api", login: ["admin", 'it\'s "secret"\\'] }).text;
  const traced = spawnSync("sh", ["-c", `curl() { printf '%s|' "$@"; cat; }; ${script}`], { encoding: "utf8" }).stdout;
  const [args = "", stdin = ""] = traced.split("http://127.0.0.1:1/api|");
  t.notMatch(args, /secret/);
  t.equal(stdin, 'user = "admin:it\'s \\"secret\\"\\\\"\n');
});

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import t from "tap";
import { file, sh } from "../../engine/index.ts";
import { checkedBy } from "../../roles/validate.ts";
import { fakeDocker } from "./fake-docker.ts";

t.test("a file that its image refuses never replaces the one that runs; the image is pulled once", async (t) => {
  const dir = t.testdir({ "live.yml": "good\n" });
  const env = fakeDocker(dir, "");
  const args = (path: string) => [`-config.file=${path}`, "-verify-config"];
  const apply = (content: string) => {
    const owner = String(process.getuid?.());
    const validate = checkedBy({ image: "grafana/loki:3.4.1", args, name: "loki.yaml" });
    const resource = file({ path: `${dir}/live.yml`, content, owner, validate });
    const { script } = resource.kind.step(resource, [{ field: "content" }]);
    return spawnSync("sh", [], { input: sh`( set -eu; ${script} )`.text, env, encoding: "utf8" });
  };
  const refused = apply("ok\nbroken: here\n");
  t.match(refused, { status: 1, stderr: "2:broken: here\n" });
  t.equal(readFileSync(`${dir}/live.yml`, "utf8"), "good\n");
  t.equal(apply("better\n").status, 0);
  t.equal(readFileSync(`${dir}/live.yml`, "utf8"), "better\n");
  const calls = readFileSync(`${dir}/calls`, "utf8").split("\n");
  t.equal(calls.filter((call) => call.startsWith("pull")).length, 1);
  t.match(
    calls.find((call) => call.startsWith("run")),
    /^run --rm --network none .*:\/staged\/loki\.yaml:ro grafana\/loki:3\.4\.1 -config\.file=\/staged\/loki\.yaml -verify-config$/,
  );
  t.ok(existsSync(`${dir}/pulled`));
});

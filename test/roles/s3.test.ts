import t from "tap";
import { readVars } from "../../engine/index.ts";
import { accessOf, bucketOf, checkTogether, s3Vars } from "../../roles/s3.ts";
import { monitoringPlan } from "./plans.ts";

const s3 = { s3_endpoint: "s3.example.com", s3_access_key_id: "AKIA1", s3_secret_access_key: "secret" };

for (const [wrong, vars, message] of [
  ["a bucket without a day", { ...s3, loki_s3_bucket: "logs" }, /loki_s3_from belong together/],
  [
    "a day before the first",
    { ...s3, loki_s3_bucket: "logs", loki_s3_from: "2023-01-01" },
    /expected 2024-04-01 or later/,
  ],
  ["a bucket nowhere", { tempo_s3_bucket: "traces" }, /found no s3_endpoint/],
  ["half a key", { tempo_s3_bucket: "traces", s3_endpoint: "s3", s3_access_key_id: "x" }, /belong together/],
  ["a key that opens nothing", s3, /s3_access_key_id.*found no bucket that it opens/],
] as const) {
  t.test(`${wrong} is refused`, async (t) => {
    t.throws(() => monitoringPlan(vars), { message });
  });
}

t.test(
  "a store has its bucket, or its disk; who else may read its configuration depends on the key in it",
  async (t) => {
    const reading = readVars(s3Vars, s3);
    if ("errors" in reading) return t.fail(JSON.stringify(reading.errors));
    t.equal(bucketOf(reading.value, "loki_s3_bucket", undefined), undefined);
    const bucket = bucketOf(reading.value, "tempo_s3_bucket", "traces");
    t.match(bucket, { name: "traces", endpoint: "s3.example.com", region: "", insecure: false, pathStyle: false });
    t.same(accessOf(bucket), { mode: "0640", group: "10001" });
    t.same(accessOf(undefined), {});
  },
);

t.test("of two that belong together the one that is there is named", async (t) => {
  t.throws(() => checkTogether("a", undefined, "b", "x"), /var b: found no a, expected both or none/);
  t.doesNotThrow(() => checkTogether("a", "x", "b", "x"));
  t.doesNotThrow(() => checkTogether("a", undefined, "b", undefined));
});

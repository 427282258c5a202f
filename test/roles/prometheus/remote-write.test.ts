import t from "tap";
import { type HostVars, reveal, Secret, type Text } from "../../../engine/index.ts";
import { comesInOrder } from "../order.ts";
import { desiredOf, monitoringPlan } from "../plans.ts";
import { dataOf, textOf } from "../site.ts";

const main = "/opt/monitoring/prometheus/prometheus.yml";
const password = "/opt/monitoring/prometheus/remote_write_password";
const resources = (vars: HostVars["vars"] = {}) => monitoringPlan(vars).resources;

t.test("nothing of it is there unless it is asked for", async (t) => {
  t.notOk(resources().some(({ id }) => id === password));
  t.equal(dataOf(resources(), main).remote_write, undefined);
});

t.test("Prometheus writes elsewhere as well; its password is in a file of its own", async (t) => {
  const vars = {
    prometheus_remote_write_url: "https://metrics.example.com/api/v1/write",
    prometheus_remote_write_user: "12345",
    prometheus_remote_write_password: new Secret("hunter2hunter2", "test"),
  };
  t.match(dataOf(resources(vars), main), {
    remote_write: [
      {
        url: "https://metrics.example.com/api/v1/write",
        basic_auth: { username: "12345", password_file: "/etc/prometheus/remote_write_password" },
      },
    ],
  });
  t.notMatch(textOf(resources(vars), main), /hunter2/);
  const { content, ...others } = desiredOf<{ content: Text }>(resources(vars), password);
  t.match(others, { mode: "0640", group: "65534" });
  t.equal(reveal(content), "hunter2hunter2");
  // promtool looks for the file.
  comesInOrder(t, resources(vars), [/remote_write_password$/, /prometheus\.yml$/]);
});

t.test("without a user it sends no login", async (t) => {
  const [target] = dataOf(resources({ prometheus_remote_write_url: "http://store:9009/push" }), main)
    .remote_write as unknown as object[];
  t.same(target, { url: "http://store:9009/push", send_exemplars: true });
});

for (const [wrong, vars, message] of [
  [
    "a user without a password",
    { prometheus_remote_write_url: "http://x", prometheus_remote_write_user: "u" },
    /belong together/,
  ],
  [
    "a password without a URL",
    { prometheus_remote_write_user: "u", prometheus_remote_write_password: "p" },
    /expected prometheus_remote_write_url/,
  ],
] as const) {
  t.test(`${wrong} is refused`, async (t) => {
    t.throws(() => resources(vars), { message });
  });
}

import t from "tap";
import { appPlan, desiredOf } from "../plans.ts";

t.test("the application's tracing goes to the monitoring host, as its environment wants it", async (t) => {
  t.match(desiredOf(appPlan().resources, "/home/ubuntu/fittoring/.env"), {
    owner: "ubuntu",
    entries: {
      TRACING_ENABLE: "false",
      TEMPO_GRPC_LISTENER_URL: "http://192.0.2.10:443",
      DB_TRACING_ENABLE: "false",
      DEPLOY_ENV: "dev",
    },
  });
  const { resources } = appPlan({ tracing_enable: true, app_env_file: "/srv/app/.env" });
  t.match(desiredOf(resources, "/srv/app/.env"), { entries: { TRACING_ENABLE: "true", DB_TRACING_ENABLE: "false" } });
});

t.test("the application is restarted only where its unit is named", async (t) => {
  t.same(appPlan().handlers, {});
  const named = appPlan({ app_service: "fittoring.service" });
  t.equal(named.handlers["restart the application"]?.text, "systemctl restart -- 'fittoring.service'");
  const settings = named.resources.find(({ kind }) => kind.name === "env-file");
  t.same(settings?.options.notify, ["restart the application"]);
});

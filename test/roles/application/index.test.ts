import t from "tap";
import { isRolling, scriptOf } from "../../../engine/role/handler.ts";
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
  t.ok(isRolling(named.handlers["restart the application"]), "hosts do it one after the other");
  const settings = named.resources.find(({ kind }) => kind.name === "env-file");
  t.same(settings?.options.notify, ["restart the application"]);
});

t.test("after a restart its health is asked where its metrics are, unless there is none to ask", async (t) => {
  const script = (vars: Record<string, unknown>) => {
    const handler = appPlan({ app_service: "fittoring.service", app_metrics_port: 8081, ...vars }).handlers[
      "restart the application"
    ];
    return handler ? scriptOf(handler).text : "";
  };
  t.match(script({}), /'http:\/\/127\.0\.0\.1:8081\/healthcheck'/);
  t.match(script({}), /wait='120'/);
  const other = script({ app_health_path: "/up", app_health_timeout: 90 });
  t.match(other, /:8081\/up'/);
  t.match(other, /wait='90'/);
  t.match(script({ app_metrics_scheme: "https" }), /'https:\/\/127\.0\.0\.1:8081\/healthcheck' '' '' '' 'yes'/);
  t.notMatch(script({ app_health_path: "" }), /127\.0\.0\.1/);
});

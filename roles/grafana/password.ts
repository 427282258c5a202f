import { command, type Resource, type Script, Secret, sh, type VarsOf } from "hostwright";
import { root } from "../paths.ts";
import type { grafanaVars } from "./vars.ts";

type Vars = Pick<VarsOf<typeof grafanaVars>, "grafana_admin_user" | "grafana_admin_password">;

/**
 * Grafana's administrator logs in with the password of the vars. The password file counts at the first start only, when
 * Grafana makes its database. Only a refused log-in is a reason to act: where nobody answers, as before the first start
 * and in check mode, there is nothing to say yet. The password is on the standard input of curl and of Grafana's own
 * command, never in an argument or in the environment of a process.
 */
export function passwordResource(vars: Vars, url: string): Resource {
  const { grafana_admin_password: password } = vars;
  const status = loginStatus(vars, url);
  const compose = sh`docker compose --project-directory ${root} -f ${`${root}/compose.yaml`}`;
  const refused = `Grafana refuses the password that it was just given. After five refused log-ins it refuses all for five minutes: run again then. Or its first administrator is not called ${vars.grafana_admin_user}: that name counts at the first start only.`;
  return command(
    {
      name: "Grafana's administrator has the password of the vars",
      onlyIf: sh`[ "$(${status})" = 401 ]`,
      run: sh`
        printf '%s\\n' ${password} |
          ${compose} exec -T grafana grafana cli admin reset-admin-password --password-from-stdin >/dev/null
        [ "$(${status})" = 200 ] || { echo ${refused} >&2; exit 1; }`,
    },
    { tags: ["grafana"] },
  );
}

/** Prints the HTTP status of one log-in: 200, 401, or 000 where nobody answers. */
function loginStatus({ grafana_admin_user, grafana_admin_password }: Vars, url: string): Script {
  const user = () => `user = "${curlText(`${grafana_admin_user}:${grafana_admin_password.reveal()}`)}"`;
  const config = new Secret(user, "curl's user");
  return sh`printf '%s\\n' ${config} | curl -q -g -s -m 10 -o /dev/null -w '%{http_code}' -K - -- ${`${url}/api/user`}`;
}

/** A text between the double quotes of curl's configuration. */
function curlText(text: string): string {
  return text.replace(/[\\"]/g, "\\$&");
}

import { http, lines, type Resource, restartUnit, rolling, type Script, sh, type VarsOf } from "hostwright";
import type { applicationVars } from "./vars.ts";

type Vars = VarsOf<typeof applicationVars>;

/** One host after the other: where the application does not come back, its settings go back and the run stops. */
export function restart(unit: string, vars: Vars) {
  return rolling(lines([unlessStopped(unit), restartUnit(unit, health(vars))]));
}

/** Empty where it is enough that the unit stays active. */
function health(vars: Vars): readonly Resource[] {
  const timeoutSeconds = vars.app_health_timeout;
  return healthUrls(vars).map((url) => http({ url, timeoutSeconds, anyCertificate: true }));
}

/** Where the application says that it is well; none where it is enough that its unit is active. */
export function healthUrls({ app_health_path: path, app_metrics_scheme, app_metrics_port }: Vars): readonly string[] {
  return path === "" ? [] : [`${app_metrics_scheme}://127.0.0.1:${app_metrics_port}${path}`];
}

/** A host that is prepared before the application was ever there, or that somebody stopped: it is not for us to start. */
function unlessStopped(unit: string): Script {
  return sh`
    if [ "$(systemctl show --value -p ActiveState -- ${unit})" = inactive ]; then
      printf '%s does not run on %s: it was not restarted, and has its new settings from its next start on\\n' ${unit} "$(uname -n)"
      exit 0
    fi`;
}

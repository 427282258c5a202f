import { type Said, type Script, type Site, sh, type VarsOf } from "hostwright";
import { gatewayOf } from "../gateway/site.ts";
import { monitoringHost } from "../hosts.ts";
import type { Hop, Loss } from "../proof.ts";
import { otlpUrl } from "../tempo/push.ts";
import { TRUST_OPTION, trustedCa } from "./trust-store.ts";
import type { applicationVars } from "./vars.ts";

type Vars = VarsOf<typeof applicationVars>;

/** The running application knows what its environment file says. Where nobody names its unit, nobody can look. */
export function processHops(site: Site, vars: Vars): readonly Hop[] {
  const { app_service: unit } = vars;
  if (unit === undefined) return [];
  const url = otlpUrl(site);
  const asks = [{ on: site.host.name, script: askProcess(unit, url) }];
  const hop = (judge: (found: Found) => Loss | undefined): Hop => ({
    asks,
    judge: (said) => judge(foundIn(said)),
  });
  const restart = `on ${site.host.name}: systemctl restart ${unit}, and see that it reads ${vars.app_env_file}`;
  const lost = (text: string, hint = restart): Loss => ({ text, hint, certain: false });
  const started = `${unit} on ${site.host.name} was started`;
  const isTold = (entry: string, wanted: string, found: readonly string[]) => {
    if (found.includes(wanted)) return undefined;
    const [other] = found;
    return lost(`${started} with ${other === undefined ? "no" : `${entry}=${other}, not`} ${entry}=${wanted}`);
  };
  return [
    hop(({ tracing }) => isTold("TRACING_ENABLE", "true", tracing)),
    hop(({ urls }) => isTold("TEMPO_GRPC_LISTENER_URL", url, urls)),
    ...(gatewayOf(site) ? [hop((found) => refused(found, monitoringHost(site).name, started, lost))] : []),
    ...(trustedCa(vars, site) === undefined
      ? []
      : [
          hop(({ trusts }) =>
            trusts
              ? undefined
              : lost(`${started} without ${TRUST_OPTION}: its JVM does not trust the gateway's own CA`),
          ),
        ]),
  ];
}

/** What the processes of a unit were started with. */
interface Found {
  readonly tracing: readonly string[];
  readonly urls: readonly string[];
  readonly trusts: boolean;
  /** What the gateway answers to their login; undefined where they have none. */
  readonly login: number | undefined;
}

function refused({ login }: Found, to: string, started: string, lost: (text: string, hint?: string) => Loss) {
  if (login === undefined) return lost(`${started} without TEMPO_AUTHORIZATION: the gateway takes no trace of it`);
  if (login !== 401) return undefined;
  const hint = "run npx zx playbooks/site.mts for both hosts: they have different passwords of the environment";
  return lost(`the gateway on ${to} refuses the TEMPO_AUTHORIZATION that ${started} with: 401`, hint);
}

/** Script for the app host. The password goes from the process to curl's stdin, and is printed nowhere. */
function askProcess(unit: string, url: string): Script {
  return sh`
    token=
    for group in $(grep -lsF -e ${`/${unit}`} /proc/[0-9]*/cgroup); do
      process=\${group%/cgroup}
      entries=$(tr '\\0' '\\n' <"$process/environ" 2>/dev/null) || continue
      printf '%s\\n' "$entries" | grep -E '^(TRACING_ENABLE|TEMPO_GRPC_LISTENER_URL)=' || :
      { printf '%s\\n' "$entries"; tr '\\0' '\\n' <"$process/cmdline"; } | grep -qF -e ${`${TRUST_OPTION}=`} && echo trusts || :
      [ -n "$token" ] || token=$(printf '%s\\n' "$entries" | sed -n 's/^TEMPO_AUTHORIZATION=//p')
    done
    [ -n "$token" ] || exit 0
    code=$(printf 'header = "Authorization: %s"\\n' "$token" |
      curl -q -K - -s -k -m 10 -o /dev/null -w '%{http_code}' -- ${`${url}/v1/traces`}) || :
    echo "login $code"`;
}

function foundIn({ stdout }: Said): Found {
  const rows = stdout.split("\n");
  const values = (name: string) => rows.flatMap((row) => (row.startsWith(name) ? [row.slice(name.length)] : []));
  const [login] = values("login ");
  return {
    tracing: values("TRACING_ENABLE="),
    urls: values("TEMPO_GRPC_LISTENER_URL="),
    trusts: rows.includes("trusts"),
    login: login === undefined ? undefined : Number(login),
  };
}

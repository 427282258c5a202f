import { compare, defineResource, lines, ProbeError, type Resource, type Script, sh, type VarsOf } from "hostwright";
import { healthUrls } from "./restart.ts";
import type { applicationVars } from "./vars.ts";

/** An application that is to run on a host: its unit is enabled, or active. */
interface Wanted {
  readonly unit: string;
  /** Where it answers; undefined where it is enough that its unit is active. */
  readonly url: string | undefined;
  readonly timeoutSeconds: number;
}

const answering = defineResource<Wanted, string>({
  name: "application",
  condition: true,
  id: ({ unit }) => unit,
  probe: (all) =>
    lines(
      all.map(
        (wanted) => sh`
          if ! systemctl is-enabled --quiet -- ${wanted.unit} && ! systemctl is-active --quiet -- ${wanted.unit}; then echo off
          elif ${answersNow(wanted)}; then echo answers
          else echo silent; fi`,
      ),
    ),
  parse: (stdout) => stdout.split("\n").filter((line) => line !== ""),
  diff(_, current) {
    if (!["off", "answers", "silent"].includes(current))
      throw new ProbeError(`application: unexpected line: ${current}`);
    return current === "off" ? [] : compare({ health: "answers" }, { health: current });
  },
  apply: (wanted) => sh`
    left=${`${wanted.timeoutSeconds}`}
    until ${answersNow(wanted)}; do
      if [ "$left" -le 0 ]; then
        echo ${`${wanted.unit} does not answer at ${wanted.url ?? "all: it is not active"}`} >&2
        systemctl status --no-pager --lines 10 -- ${wanted.unit} >&2 || :
        exit 1
      fi
      sleep 2; left=$((left - 2))
    done`,
});

/** Condition that it answers, on a host where it is to run; it is waited for. */
export function answers(unit: string, vars: VarsOf<typeof applicationVars>): Resource {
  const [url] = healthUrls(vars);
  return answering({ unit, url, timeoutSeconds: vars.app_health_timeout }, { tags: ["application"] });
}

function answersNow({ unit, url }: Wanted): Script {
  // Nobody has a certificate for 127.0.0.1.
  return url === undefined ? sh`systemctl is-active --quiet -- ${unit}` : sh`curl -q -sfgk -m 5 -o /dev/null -- ${url}`;
}

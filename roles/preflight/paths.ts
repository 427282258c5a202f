import { type Script, type Site, sh, trusted } from "hostwright";
import { hostServices } from "../app/services.ts";
import { environments, groups, hasMonitoring } from "../hosts.ts";
import { targetsOf } from "../prometheus/scrapes.ts";

/** A connection that one host is going to make to another. */
export interface Path {
  readonly to: string;
  readonly address: string;
  readonly port: number;
  readonly what: string;
  /** Asked too where the port is open and the host has curl. */
  readonly url?: string;
}

/** How a host fared that tried a path. */
export interface Reached {
  readonly state: "open" | "refused" | "filtered" | "unreachable" | "unknown-name" | "untried";
  /** Three digits where a URL was asked. */
  readonly status?: string;
}

/** What is not there within this time will not come: nobody answers, and nobody says no. */
const PATIENCE_SECONDS = 4;

/** The connections that a host is going to make, whatever runs already. */
export function pathsFrom(site: Site): readonly Path[] {
  const { host } = site;
  const isApp = host.groups.includes(groups.app);
  return [...(isApp ? appPaths(site) : []), ...(host.groups.includes(groups.monitoring) ? scrapePaths(site) : [])];
}

function appPaths(site: Site): readonly Path[] {
  if (!hasMonitoring(site)) return [];
  const on = hostServices.filter(({ isOn }) => isOn(site.host));
  return on.flatMap(({ reaches }) => reaches(site)).map(({ to, what, url }) => ({ to, what, ...addressed(url) }));
}

function scrapePaths(site: Site): readonly Path[] {
  const targets = environments(site).flatMap(({ name, hosts }) => hosts.flatMap((host) => targetsOf(host, name)));
  return targets.map(({ host: to, what, target, place }) => {
    if (!place) return { to, what, ...addressed(`http://${target}`) };
    const { scheme, path } = place;
    return { to, what, ...addressed(`${scheme}://${target}`), url: `${scheme}://${target}${path}` };
  });
}

/** The address and port that a URL leads to. */
function addressed(url: string): Pick<Path, "address" | "port"> {
  const { protocol, hostname, port } = new URL(url);
  const standard = protocol === "https:" ? 443 : 80;
  return { address: hostname.replace(/^\[(.*)\]$/, "$1"), port: port === "" ? standard : Number(port) };
}

/** Tries paths from the host that it runs on, all at once: one line each, in any order. Nothing has to be installed. */
export function tryPaths(paths: readonly Path[]): Script {
  const tries = paths.map(({ address, port, url = "" }, index) => sh`report ${index} ${address} ${port} ${url} &`.text);
  return sh`
    ${tools}
    ${trusted(tries.join("\n"))}
    wait`;
}

/** Reads what `tryPaths` printed. Paths that it says nothing of were not tried. */
export function parsePaths(stdout: string, paths: readonly Path[]): readonly Reached[] {
  const said = new Map(stdout.split("\n").map((line) => [line.split(" ")[0] ?? "", line.split(" ").slice(1)]));
  return paths.map((_, index): Reached => {
    const [state = "", status = ""] = said.get(String(index)) ?? [];
    const known = STATES.find((one) => one === state) ?? "untried";
    return /^[1-5]\d\d$/.test(status) ? { state: known, status } : { state: known };
  });
}

const STATES = ["open", "refused", "filtered", "unreachable", "unknown-name", "untried"] as const;

/**
 * Defines `report NUMBER ADDRESS PORT URL`. Each tool prints what it has to say, and the kernel's words for an error are
 * the same in all of them; 124 is what `timeout` ends with.
 */
const tools: Script = sh`
  export LC_ALL=C
  with_bash() { timeout ${PATIENCE_SECONDS} bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$1" "$2" 2>&1; }
  with_python() {
    timeout ${PATIENCE_SECONDS} python3 -c 'import socket, sys; socket.create_connection(sys.argv[1:3])' "$1" "$2" 2>&1
  }
  with_curl() {
    case $1 in *:*) set -- "[$1]" "$2" ;; esac
    heard=$(curl -q -sS -o /dev/null --connect-timeout ${PATIENCE_SECONDS} -m 6 -w ' connect=%{time_connect};' "telnet://$1:$2" 2>&1) || :
    # It waits for more once it is connected, and calls the end of its patience a failure.
    case $heard in *" connect=0.000000;"*) printf '%s' "$heard"; return 7 ;; esac
  }
  attempt() {
    rc=0
    said=$("with_$1" "$2" "$3") || rc=$?
    case "$rc $said" in
      "0 "*) state=open ;;
      *refused*) state=refused ;;
      "124 "* | *"timed out"* | *imeout*) state=filtered ;;
      *"No route"* | *nreachable*) state=unreachable ;;
      *"not known"* | *"failure in name"* | *"resolve"* | *"No address"*) state=unknown-name ;;
      *) state=untried ;;
    esac
  }
  report() {
    state=untried
    for tool in bash python curl; do
      program=$tool
      [ "$tool" != python ] || program=python3
      command -v "$program" >/dev/null && command -v timeout >/dev/null || continue
      attempt "$tool" "$2" "$3"
      [ "$state" = untried ] || break
    done
    status=
    if [ "$state" = open ] && [ -n "$4" ] && command -v curl >/dev/null; then
      status=$(curl -q -s -k -g -m 5 -o /dev/null -w '%{http_code}' -- "$4") || status=
    fi
    printf '%s %s %s\\n' "$1" "$state" "$status"
  }`;

import { basename, dirname } from "node:path";
import { type Script, sh } from "hostwright";

/** A program that listens on a host. */
export interface Listener {
  /** "0.0.0.0" and "::" are all addresses. */
  readonly address: string;
  readonly port: number;
  /** "nginx (pid 812)", or empty where the host did not say. */
  readonly holder: string;
}

/** What a host said of itself, beyond its facts. */
export interface HostState {
  /** Seconds of the epoch. */
  readonly clock: number;
  /** Free KiB, by folder. */
  readonly free: ReadonlyMap<string, number>;
  readonly availableMemoryKib: number | undefined;
  /** Undefined where the host has no `ss`. */
  readonly listeners: readonly Listener[] | undefined;
  /** Ports that containers of our own project have. */
  readonly ownPorts: ReadonlySet<number>;
  /** "no-user", "readable", or the first file that the agent may not read; undefined where it was not asked. */
  readonly logs: string | undefined;
}

/** The log files, and who shall read them. */
export interface LogQuestion {
  readonly agent: string;
  readonly pattern: string;
}

/** Script that prints all of a `HostState`; it changes nothing, and needs nothing but coreutils to say most of it. */
export function askHost(logs?: LogQuestion): Script {
  return sh`
    echo "clock $(date +%s)"
    for folder in /opt /var; do
      free=$(df -Pk "$folder" 2>/dev/null | { read -r _; read -r _ _ _ free _ && echo "$free"; }) || continue
      echo "free $folder $free"
    done
    while read -r name value _; do [ "$name" != MemAvailable: ] || echo "memory $value"; done </proc/meminfo
    if command -v ss >/dev/null; then
      echo listening
      ss -Hltnp 2>/dev/null | while read -r _ _ _ address _ users; do echo "listen $address $users"; done
    fi
    if command -v docker >/dev/null; then
      docker ps --filter label=com.docker.compose.project=monitoring --format 'published {{.Ports}}' 2>/dev/null || :
    fi
    ${logs ? askLogs(logs) : sh`:`}`;
}

function askLogs({ agent, pattern }: LogQuestion): Script {
  return sh`
    if ! id -u ${agent} >/dev/null 2>&1; then echo "logs no-user"
    else
      runuser -u ${agent} -- sh -c ${FIRST_UNREADABLE} sh ${dirname(pattern)} ${basename(pattern)}
    fi`;
}

/** sh: the pattern is expanded by the shell, unquoted, with nothing splitting it. */
const FIRST_UNREADABLE = `
  IFS=
  cd -- "$1" 2>/dev/null && [ -r . ] || { echo "logs $1"; exit 0; }
  for file in ./$2; do [ ! -e "$file" ] || [ -r "$file" ] || { echo "logs $1/\${file#./}"; exit 0; }; done
  echo "logs readable"`;

/** Reads what `askHost` printed. */
export function parseHost(stdout: string): HostState {
  const lines = stdout.split("\n");
  const after = (word: string) =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
  const memory = after("memory")[0];
  return {
    clock: Number(after("clock")[0]),
    free: new Map(after("free").map((line) => [line.split(" ")[0] ?? "", Number(line.split(" ")[1])])),
    availableMemoryKib: memory === undefined ? undefined : Number(memory),
    listeners: lines.includes("listening") ? after("listen").flatMap(parseListener) : undefined,
    ownPorts: new Set(
      after("published").flatMap((ports) => [...ports.matchAll(/:(\d+)->/g)].map(([, port]) => Number(port))),
    ),
    logs: after("logs")[0],
  };
}

/** As `ss -Hltnp` has it: `0.0.0.0:80 users:(("nginx",pid=812,fd=6))`. */
export function parseListener(line: string): readonly Listener[] {
  const [, address = "", port, users = ""] = /^(\S+):(\d+)(?: (.*))?$/.exec(line.trim()) ?? [];
  if (port === undefined) return [];
  const [, program, pid] = /\("([^"]+)",pid=(\d+)/.exec(users) ?? [];
  const plain = address.replace(/^\[(.*)\]$/, "$1").replace(/%.*$/, "");
  return [
    {
      address: plain === "*" ? "::" : plain,
      port: Number(port),
      holder: program === undefined ? "" : `${program} (pid ${pid})`,
    },
  ];
}

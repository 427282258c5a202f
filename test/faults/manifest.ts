import { onHost } from "../support/lab.ts";

/**
 * What a run leaves on a host, a line each: files and links with mode, owner and hash, accounts, units, containers, handlers that wait,
 * and the settings that the application's process has. Not in it is what programs write while they run.
 */
export async function manifestOf(host: string): Promise<readonly string[]> {
  const text = await onHost(host, MANIFEST);
  return text.split("\n").filter((line) => line !== "" && !VOLATILE.test(line));
}

/** Lines of one that the other lacks, and the other way round. */
export function differences(one: readonly string[], other: readonly string[]): readonly string[] {
  const [ones, others] = [new Set(one), new Set(other)];
  return [
    ...one.filter((line) => !others.has(line)).map((line) => `- ${line}`),
    ...other.filter((line) => !ones.has(line)).map((line) => `+ ${line}`),
  ];
}

const MANIFEST = `
find /etc /opt /usr/local /var/lib/hostwright /home -xdev \\( -type f -o -type l -o -type d \\) -printf '%y %m %u:%g %p %l\\n' |
  grep -v ' /home/[^ ]*/logs' | sort
find /etc /opt /usr/local /home -xdev -type f ! -path '*/logs/*' -exec sha256sum {} + 2>/dev/null | sort -k 2
find / -xdev -name '.staged.*' -not -path '/proc/*' 2>/dev/null
systemctl list-units --all --plain --no-legend --type=service promtail.service node_exporter.service process_exporter.service \\
  fittoring.service docker.service | awk '{ print "unit", $1, $2, $3, $4 }'
for pid in $(pgrep -u ubuntu -f fittoring); do tr '\\0' '\\n' <"/proc/$pid/environ" | grep TRACING | sed 's/^/runs with /'; done
if command -v docker >/dev/null; then
  docker ps --all --format 'container {{.Names}} {{.Image}} {{.Status}}' | sed 's/Up .* (/Up (/; s/Up [^(]*$/Up/' | sort
fi`;

/** What others write there: Docker at a start of the machine, sshd, the containers' own data; and what counts runs. */
const VOLATILE =
  /\/etc\/(resolv\.conf|hosts|hostname|mtab|ld\.so\.cache|\.pwd\.lock)|\/opt\/monitoring\/[a-z]+\/data|\/var\/lib\/hostwright\/(turn|holder|lock|lock\.script|staged)( |$)|\/home\/[^ ]*\/(\.ssh|\.cache|h2)|\.log( |$)/;

import { onHost } from "./lab.ts";

/**
 * What a host is made of, a line each: files, folders and links with mode, owner and size or hash, access lists, accounts, packages and
 * who asked for them, units and what runs. Not in it is what a system writes by itself while it runs.
 */
export async function hostManifest(host: string): Promise<readonly string[]> {
  const text = await onHost(host, MANIFEST);
  return text.split("\n").filter((line) => line !== "" && !VOLATILE.test(line));
}

const MANIFEST = `
export LC_ALL=C
find / -xdev \\( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /var/log -o -path /var/lib/apt -o -path /var/cache \\
  -o -path /var/lib/dpkg -o -path /var/lib/systemd -o -path '*/__pycache__' \\) -prune -o -type d -printf '%y %m %u:%g %p\\n' -o -printf '%y %m %u:%g %p %l\\n'
find /etc /opt /usr/local /root /home -xdev -type f ! -path '*/logs/*' -exec sha256sum {} +
find /home /etc /opt -xdev -exec ls -ld {} + | awk '$1 ~ /[+]$/ { print "acl", $NF }'
getent passwd | sed 's/^/passwd /'; getent group | sed 's/^/group /'
dpkg-query -W -f='package \${Package} \${db:Status-Status}\\n'; apt-mark showmanual | sed 's/^/asked for /'
systemctl list-unit-files --plain --no-legend | awk '{ print "unit file", $1, $2 }'
systemctl list-units --plain --no-legend --type=service,socket,timer,target --state=active,failed | awk '{ print "active", $1, $3, $4 }'`;

const VOLATILE =
  /\/etc\/(resolv\.conf|hosts|hostname|mtab|ld\.so\.cache|\.pwd\.lock|(passwd|group|shadow|gshadow|subuid|subgid)-)|\/home\/[^ ]*\/(\.ssh|h2)|\.log( |$)|^active (user|session|systemd-|apt-|dpkg-|network-online)|^. .* \/tmp\/(tomcat|hsperf)/;

import { sh } from "../shell/sh.ts";
import { type Change, defineResource, ProbeError } from "./resource.ts";

export interface RebootDesired {
  /** The only choice so far: where a newer kernel is installed than runs, or a package asks for it (/run/reboot-required). */
  readonly when: "required";
}

/** Nothing wants a reboot where both are undefined. */
interface RebootCurrent {
  readonly kernel: { readonly running: string; readonly installed: string } | undefined;
  /** The packages that ask for it, as far as they say so. */
  readonly required: string | undefined;
}

/** There from when a reboot was asked for until the machine is down: /run does not outlive it. */
const GOING_DOWN = "/run/hostwright-reboot";

/** Prints why the machine is to be rebooted, a reason a line; waits for one that is just booting. */
export const rebootReasons = sh`
  case $(systemctl is-system-running 2>/dev/null) in
    initializing | starting) timeout 60 systemctl is-system-running --wait >/dev/null 2>&1 || : ;;
  esac
  if [ -e ${GOING_DOWN} ]; then
    # The connection ends here, with the machine.
    sleep 100
    echo "it was told to reboot and is still up after 100 s" >&2
    exit 1
  fi
  flavour() { printf '%s\\n' "$1" | sed -E 's/^[0-9.]+(-[0-9]+|\\+[a-z0-9]+)-//'; }
  if command -v linux-version >/dev/null; then
    running=$(uname -r)
    own=$(flavour "$running")
    newest=$(linux-version list | while read -r one; do [ "$(flavour "$one")" != "$own" ] || echo "$one"; done | linux-version sort | tail -n 1)
    if [ -n "$newest" ] && linux-version compare "$newest" gt "$running"; then echo "kernel $running $newest"; fi
  fi
  if [ -e /run/reboot-required ]; then
    echo required $(sort -u /run/reboot-required.pkgs 2>/dev/null)
  fi`;

/** A machine that runs what is installed on it. It is rebooted as systemd does, in good order, and the run waits for it as long as `--reconnect` says. */
export const reboot = defineResource<RebootDesired, RebootCurrent>({
  name: "reboot",
  id: ({ when }) => `when ${when}`,
  probe: () => rebootReasons,
  parse: (stdout, all) => {
    const current = parseReasons(stdout);
    return all.map(() => current);
  },
  diff: (_, { kernel, required }) => [
    ...(kernel
      ? [
          {
            field: "kernel",
            before: kernel.running,
            after: kernel.installed,
            isVersion: true,
          } as const satisfies Change,
        ]
      : []),
    ...(required === undefined ? [] : [{ field: "reboot-required", before: required, after: "nothing" }]),
  ],
  // A moment later: that it was done is noted first. The look behind it waits for the end.
  apply: () => sh`
    [ -d /run/systemd/system ] || { echo "has no systemd: reboot it by hand" >&2; exit 1; }
    : >${GOING_DOWN}
    ( sleep 2; systemctl reboot || rm -f ${GOING_DOWN} ) </dev/null >/dev/null 2>&1 &`,
  merge: ([first]) => first ?? { when: "required" },
});

function parseReasons(stdout: string): RebootCurrent {
  const found = stdout.split("\n").filter((line) => line !== "");
  const unknown = found.find((line) => !/^(kernel \S+ \S+|required( \S+)*)$/.test(line));
  if (unknown !== undefined) throw new ProbeError(`reboot: unexpected line: ${unknown}`);
  const [, running, installed] = /^kernel (\S+) (\S+)$/m.exec(stdout) ?? [];
  const [, packages] = /^required ?(.*)$/m.exec(stdout) ?? [];
  return {
    kernel: running !== undefined && installed !== undefined ? { running, installed } : undefined,
    required: packages === undefined ? undefined : packages || "no package named",
  };
}

import { defineResource, lines, ProbeError, type Resource, type Script, sh } from "hostwright";

interface RetentionDesired {
  /** Who keeps, and by what where there are two limits: "prometheus by size". */
  readonly name: string;
  /** What goes where less is kept: "logs". */
  readonly what: string;
  /** The configuration on the host, as a run before this one has left it. */
  readonly path: string;
  /** What stands there before the number and the unit. */
  readonly before: string;
  readonly unit: "h" | "d" | "MB";
  readonly keeps: number;
}

const retention = defineResource<RetentionDesired, number | undefined>({
  name: "retention",
  id: ({ name }) => name,
  probe: (all) => lines(all.map(probeFile)),
  parse(stdout, all) {
    const found = new Map<number, number>();
    for (const line of stdout.split("\n").filter(Boolean)) {
      const [, index, number] = /^(\d+) (\d+)$/.exec(line) ?? [];
      if (number === undefined) throw new ProbeError(`retention: unexpected line: ${line}`);
      found.set(Number(index), Math.max(Number(number), found.get(Number(index)) ?? 0));
    }
    return all.map((_, index) => found.get(index));
  },
  diff({ what, unit, keeps }, kept) {
    if (kept === undefined || kept <= keeps) return [];
    const field = `keeps ${amount(keeps, unit)} from now on, it kept ${amount(kept, unit)}: older ${what} go`;
    return [{ field, before: `${kept}${unit}`, after: `${keeps}${unit}` }];
  },
  // The file behind it is what changes; a service deletes once it runs with that.
  apply: () => sh`:`,
});

function probeFile({ path, before, unit }: RetentionDesired, index: number): Script {
  const plain = before.replaceAll(/[.[\]*^$/\\]/g, "\\$&");
  const print = `s/^.*${plain}"\\{0,1\\}\\([0-9][0-9]*\\)${unit}"\\{0,1\\}$/${index} \\1/p`;
  return sh`if [ -f ${path} ]; then sed -n ${print} <${path}; fi`;
}

/**
 * What says, before it is so, that a service is going to delete what it would have kept: differs where the configuration on the host
 * keeps more than is wanted, and changes nothing itself. It comes before the resource that writes that file and has its tags, so that it
 * holds once that one does.
 */
export function shrinking(desired: RetentionDesired, tags: readonly string[]): Resource {
  return retention(desired, { tags });
}

function amount(number: number, unit: RetentionDesired["unit"]): string {
  if (unit === "MB") return `${number} MB`;
  if (unit === "h" && number % 24 !== 0) return `${number} hours`;
  const days = unit === "h" ? number / 24 : number;
  return days === 1 ? "1 day" : `${days} days`;
}

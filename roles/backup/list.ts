/** What restic says of one backup: `restic snapshots --json`, from 0.9 on. */
interface Snapshot {
  readonly short_id: string;
  readonly time: string;
}

/** Returns what a person wants to know of restic's list: how many there are, the newest and the oldest; undefined where it is none. */
export function parseBackups(json: string): string | undefined {
  const all = snapshotsOf(json);
  const [oldest, newest] = [all?.[0], all?.at(-1)];
  if (!all) return undefined;
  if (!oldest || !newest) return "none yet";
  const first = all.length === 1 ? "" : `, the oldest ${named(oldest)}`;
  return `${all.length} kept: the newest ${named(newest)}${first}`;
}

function named({ short_id, time }: Snapshot): string {
  return `${short_id} of ${new Date(time).toISOString().slice(0, 16)}Z`;
}

function snapshotsOf(json: string): readonly Snapshot[] | undefined {
  try {
    const all: unknown = JSON.parse(json);
    return Array.isArray(all)
      ? [...(all as Snapshot[])].sort((a, b) => Date.parse(a.time) - Date.parse(b.time))
      : undefined;
  } catch {
    return undefined;
  }
}

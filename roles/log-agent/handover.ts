import { command, type Resource, type Script, sh, unit } from "hostwright";

const PROMTAIL = "promtail";
const ALLOY = "alloy";

/** Where Alloy's components keep what they know. */
export const STORAGE = "/var/lib/alloy/data";

/** Promtail's positions as Alloy finds them when it has none of its own (`legacy_positions_file`). */
export const LEGACY_POSITIONS = "/var/lib/alloy/promtail-positions.yaml";

/** The folders in which the agents keep how far they have read. */
export interface Folders {
  readonly promtail: string;
  readonly alloy: string;
}

const FOLDERS: Folders = { promtail: "/var/lib/promtail", alloy: "/var/lib/alloy" };

/**
 * Promtail is stopped, and what it has shipped is known to Alloy before Alloy starts. The copy is the mark that it was
 * done: Promtail's positions differ from it again only where Promtail has shipped since.
 */
export function toAlloy(folders = FOLDERS): readonly Resource[] {
  const positions = `${folders.promtail}/positions.yaml`;
  const copy = `${folders.alloy}/promtail-positions.yaml`;
  return [
    stopped(PROMTAIL),
    command(
      {
        name: "Alloy knows what Promtail has shipped",
        unless: sh`[ ! -e ${positions} ] || cmp -s -- ${positions} ${copy}`,
        run: sh`
          ${stop(ALLOY)}
          ${ownFolder(ALLOY, folders.alloy)}
          ${copyAs({ from: [PROMTAIL, positions], to: [ALLOY, copy] })}
          # With positions of its own Alloy would not look at these.
          ${asUser(ALLOY, sh`rm -f -- ${ownPositions(folders)}`)}`,
      },
      { tags: [ALLOY] },
    ),
  ];
}

/** The way back: Alloy is stopped, and Promtail goes on where Alloy stopped. Nothing where Alloy never ran. */
export function toPromtail(folders = FOLDERS): readonly Resource[] {
  const copy = `${folders.promtail}/alloy-positions.yml`;
  return [
    stopped(ALLOY),
    command(
      {
        name: "Promtail knows what Alloy has shipped",
        unless: sh`[ ! -e ${ownPositions(folders)} ] || cmp -s -- ${ownPositions(folders)} ${copy}`,
        run: sh`
          ${stop(PROMTAIL)}
          ${ownFolder(PROMTAIL, folders.promtail)}
          ${copyAs({ from: [ALLOY, ownPositions(folders)], to: [PROMTAIL, copy] })}
          ${asUser(PROMTAIL, sh`awk ${FROM_ALLOY} ${copy} >${`${folders.promtail}/positions.yaml`}`)}`,
      },
      { tags: [PROMTAIL] },
    ),
  ];
}

function ownPositions({ alloy }: Folders): string {
  return `${alloy}/data/loki.source.file.application/positions.yml`;
}

/** Not there is stopped as well. */
function stopped(agent: string): Resource {
  return unit({ name: `${agent}.service`, enabled: false, running: false }, { tags: [agent] });
}

/** It writes its positions once more when it ends. */
function stop(agent: string): Script {
  const name = `${agent}.service`;
  return sh`if systemctl is-active -q -- ${name}; then systemctl stop -- ${name}; fi`;
}

/** systemd makes it as well (StateDirectory), but only when the agent starts. */
function ownFolder(agent: string, folder: string): Script {
  return sh`[ -d ${folder} ] || install -d -m 0750 -o ${agent} -g ${agent} -- ${folder}`;
}

/** Each side with the rights of its own user: root would follow a link that either of them made. Fails unless it is whole. */
function copyAs({
  from: [reader, from],
  to: [writer, to],
}: {
  readonly from: readonly [string, string];
  readonly to: readonly [string, string];
}): Script {
  return sh`
    ${asUser(reader, sh`cat -- ${from}`)} | ${asUser(writer, sh`umask 027; cat >${to}`)}
    cmp -s -- ${from} ${to} || { echo "cannot copy "${from}" to "${to} >&2; exit 1; }`;
}

function asUser(name: string, script: Script): Script {
  return sh`runuser -u ${name} -- sh -c ${script.text}`;
}

/**
 * awk: Alloy's positions (`? path: P`, `labels: L`, `: "123"`) as Promtail's (`P: "123"`). What Alloy took over has no labels
 * (`{}`) and stays as it was: it counts where there is nothing else of that file. Of several sets of labels, the least far.
 */
const FROM_ALLOY = String.raw`
  /^ *\? *path: / { path = $0; sub(/^ *\? *path: */, "", path); next }
  /^ *labels: / { own = $0 !~ /labels: *.?[{][}].?$/; next }
  /^ *: / && path != "" {
    at = $0; gsub(/[^0-9]/, "", at)
    if (!(path in seen)) { seen[path]; order[++count] = path }
    if (!own) { if (!(path in far)) far[path] = at }
    else if (!(path in isOwn) || at + 0 < far[path] + 0) { far[path] = at; isOwn[path] }
    path = ""
  }
  END {
    print (count ? "positions:" : "positions: {}")
    for (i = 1; i <= count; i++) print "  " order[i] ": \"" far[order[i]] "\""
  }`;

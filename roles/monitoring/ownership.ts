import { command, directory, file, lines, type Resource, type Script, type Site, sh } from "hostwright";
import { FORGET } from "../container.ts";
import { environments } from "../hosts.ts";
import { targetsOf } from "../prometheus/scrapes.ts";

/** Where the environments of one inventory have their files, by environment. */
interface Owned {
  readonly folder: string;
  readonly environments: readonly string[];
  /** The files of an environment; `environment` is a word of the shell. */
  files(environment: Script): Script;
  readonly tags: readonly string[];
}

/**
 * Several inventories share this host, each with environments of its own. Each environment has a record: the inventory that it
 * was last run from, then the endpoints that are read for it. A run owns its own environments, from wherever it comes, and
 * removes those that were last run from this very inventory and are no longer in it; another inventory's are never touched.
 */
export function ownership({ folder, environments: names, files, tags }: Owned, site: Site): readonly Resource[] {
  const records = `${folder}/inventories`;
  const inventory = site.inventory.join(" + ");
  const claims = claimsOf(site);
  const gone = sh`
    gone() {
      for record in ${records}/*; do
        name=\${record##*/}
        case ${` ${names.join(" ")} `} in *" $name "*) continue ;; esac
        { read -r inventory <"$record"; } 2>/dev/null || continue
        [ "$inventory" != ${inventory} ] || printf '%s\n' "$name"
      done
    }`;
  return [
    directory({ path: records }, { tags }),
    unclaimed({ records, names, claims, inventory, tags }),
    command(
      {
        name: FORGET,
        unless: sh`
          ${gone}
          [ -z "$(gone)" ]`,
        run: sh`
          ${gone}
          for name in $(gone); do rm -f -- ${files(sh`"$name"`)} ${records}/"$name"; done`,
      },
      { tags },
    ),
    ...names.map((name) => {
      const own = claims.filter(({ environment }) => environment === name).map(({ endpoint }) => endpoint);
      return file({ path: `${records}/${name}`, content: [inventory, ...own, ""].join("\n") }, { tags });
    }),
  ];
}

/** An endpoint that Prometheus reads, and for whom. */
interface Claim {
  readonly endpoint: string;
  readonly host: string;
  readonly environment: string;
}

function claimsOf(site: Site): readonly Claim[] {
  return environments(site).flatMap(({ name, hosts }) =>
    hosts.flatMap((host) =>
      // A host is one machine, whatever it has.
      targetsOf(host, name)
        .slice(0, 1)
        .map(({ target }) => ({ endpoint: target, host: host.name, environment: name })),
    ),
  );
}

interface Claims {
  readonly records: string;
  readonly names: readonly string[];
  readonly claims: readonly Claim[];
  readonly inventory: string;
  readonly tags: readonly string[];
}

/** Nobody else reads these hosts: of two environments that have one host, each would take it from the other at every run. */
function unclaimed({ records, names, claims, inventory, tags }: Claims): Resource {
  const endpoints = claims.map(({ endpoint }) => endpoint);
  const taken = sh`
    taken() {
      for record in ${records}/*; do
        case ${` ${names.join(" ")} `} in *" \${record##*/} "*) continue ;; esac
        { read -r from <"$record"; } 2>/dev/null || continue
        [ "$from" != ${inventory} ] || continue
        for endpoint in ${endpoints}; do
          ! grep -q -x -F -e "$endpoint" -- "$record" || { printf '%s\n' "$endpoint \${record##*/} $from"; return 0; }
        done
      done
    }`;
  const owners = claims.map(
    ({ endpoint, host, environment }) => sh`${endpoint}) ours=${`host ${host}`} own=${environment} ;;`,
  );
  return command(
    {
      name: "no host belongs to two inventories",
      unless: sh`
        ${taken}
        [ -z "$(taken)" ]`,
      run: sh`
        ${taken}
        taken | {
          read -r endpoint environment from
          case $endpoint in
          ${lines(owners)}
          esac
          echo "$ours ($endpoint) belongs to environment $own of "${inventory}" and to environment $environment of $from: take it out of one of them; where it has moved, run the other inventory first, or remove "${records}"/$environment" >&2
        }
        exit 1`,
    },
    { tags },
  );
}

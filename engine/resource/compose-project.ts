import type { Text } from "../shell/secret.ts";
import { type Script, sh } from "../shell/sh.ts";
import { checkPath } from "./stat.ts";

export interface ComposeDesired {
  /** Name of the project: lower-case letters, digits, "-" and "_". */
  readonly project: string;
  /** Existing directory in which compose.yaml is kept; relative paths in it start here. */
  readonly dir: string;
  /** Whole compose.yaml. Avoid `env_file`: compose then computes two different hashes of one configuration. */
  readonly content: Text;
  /** Every service of compose.yaml: its pinned image, and the paths that it reads when it starts. */
  readonly services: Readonly<Record<string, ComposeService>>;
  /** How long all services together may take until they are healthy; 120 unless given. */
  readonly waitSeconds?: number;
}

export interface ComposeService {
  /** As compose.yaml names it: pinned, by version or digest. */
  readonly image: string;
  /** Paths that the container reads when it starts: a change of one restarts it. */
  readonly config?: readonly string[];
}

/** compose.yaml as a `file`: for root alone, since environments hold passwords. */
export function composeFile({ dir, content, ...project }: ComposeDesired) {
  const path = `${dir}/compose.yaml`;
  const validate = (staged: Script) => sh`
    ${composeCommand({ dir, ...project }, staged)} config --quiet || {
      echo 'compose.yaml was refused (see above): the old one stays, and no container was touched' >&2
      exit 1
    }`;
  return { path, content, mode: "0600", validate };
}

/** `docker compose` for this project and a file, up to its subcommand. */
export function composeCommand({ project, dir }: Pick<ComposeDesired, "project" | "dir">, file: Script): Script {
  return sh`docker compose --project-name ${project} --project-directory ${dir} --file ${file}`;
}

/** All paths that services read. */
export function configPaths({ services }: ComposeDesired): readonly string[] {
  return [...new Set(Object.values(services).flatMap(({ config = [] }) => config))];
}

/** Throws `TypeError` on what could not be meant. Returns the project's name. */
export function checkProject({ project, dir, services }: ComposeDesired): string {
  const odd = (what: string, text: string) => new TypeError(`compose ${project}: not ${what}: ${JSON.stringify(text)}`);
  if (!/^[a-z0-9][a-z0-9_-]*$/.test(project)) throw odd("a project's name (a-z, 0-9, _ and -)", project);
  for (const [name, { image }] of Object.entries(services)) {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) throw odd("a service's name", name);
    if (!/^[A-Za-z0-9][A-Za-z0-9._:/@-]*$/.test(image)) throw odd("an image", image);
  }
  checkPath(dir);
  return project;
}

// The states of the benchmark as a playbook of ours; others.mts has the same ones for the others.
import { userInfo } from "node:os";
import { defineRole, directory, file, integer, link, runPlaybook, string } from "hostwright";

/** One state: the first of each folder is itself, the last a link, the others are files. */
export interface State {
  readonly kind: "directory" | "file" | "link";
  readonly path: string;
  readonly content: string;
}

/** How many states, and how many of them are a folder with what is in it. */
export interface Shape {
  readonly count: number;
  readonly inFolder: number;
}

/** Returns states in a folder. */
export function statesIn(folder: string, { count, inFolder }: Shape): readonly State[] {
  return Array.from({ length: count }, (_, index) => {
    const at = index % inFolder;
    const parent = `${folder}/d${index - at}`;
    if (at === 0) return { kind: "directory", path: parent, content: "" };
    if (at === inFolder - 1) return { kind: "link", path: `${parent}/link`, content: "f1" };
    return { kind: "file", path: `${parent}/f${at}`, content: `number ${index}\n`.repeat(20) };
  });
}

const owner = userInfo().username;

/** Holds the states. */
export const states = defineRole({
  name: "states",
  vars: {
    bench_folder: string("where they are"),
    bench_count: integer("how many"),
    bench_in_folder: integer("how many of them a folder"),
  },
  resources: ({ bench_folder, bench_count, bench_in_folder }) =>
    statesIn(bench_folder, { count: bench_count, inFolder: bench_in_folder }).map(({ kind, path, content }) => {
      if (kind === "directory") return directory({ path, owner });
      return kind === "link" ? link({ path, target: content }) : file({ path, content, owner });
    }),
});

await runPlaybook([{ hosts: "all", become: false, roles: [states] }], import.meta.url);

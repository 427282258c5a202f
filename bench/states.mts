// The states of the benchmark as a playbook of ours; others.mts has the same ones for the others.
import { userInfo } from "node:os";
import { defineRole, directory, file, integer, link, runPlaybook, string } from "hostwright";

/** One state: a sixth are folders, a sixth links, the others files. */
export interface State {
  readonly kind: "directory" | "file" | "link";
  readonly path: string;
  readonly content: string;
}

/** Returns this many states in a folder. */
export function statesIn(folder: string, count: number): readonly State[] {
  return Array.from({ length: count }, (_, index) => {
    const parent = `${folder}/d${index - (index % 6)}`;
    if (index % 6 === 0) return { kind: "directory", path: parent, content: "" };
    if (index % 6 === 5) return { kind: "link", path: `${parent}/link`, content: "f1" };
    return { kind: "file", path: `${parent}/f${index % 6}`, content: `number ${index}\n`.repeat(20) };
  });
}

const owner = userInfo().username;

/** Holds the states. */
export const states = defineRole({
  name: "states",
  vars: { bench_folder: string("where they are"), bench_count: integer("how many") },
  resources: ({ bench_folder, bench_count }) =>
    statesIn(bench_folder, bench_count).map(({ kind, path, content }) => {
      if (kind === "directory") return directory({ path, owner });
      return kind === "link" ? link({ path, target: content }) : file({ path, content, owner });
    }),
});

await runPlaybook([{ hosts: "all", become: false, roles: [states] }], import.meta.url);

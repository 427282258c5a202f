// The states of the benchmark as a playbook of ours; others.mts has the same ones for the others.
import { userInfo } from "node:os";
import { defineRole, directory, file, integer, link, runPlaybook, sh, string } from "hostwright";

/** One state: the first of each folder is itself, the last a link, the others are files. */
export interface State {
  readonly kind: "directory" | "file" | "link";
  readonly path: string;
  readonly content: string;
  /** A handler follows it. */
  readonly notifies?: boolean;
}

/** How many states, and how many of them are a folder with what is in it. */
export interface Shape {
  readonly count: number;
  readonly inFolder: number;
}

/** What the handler copies, and where to: what a service would have read. */
export const handled = (folder: string) => ({ from: `${folder}/d0/f1`, to: `${folder}/running` });

/** Returns states in a folder; another version has other contents. */
export function statesIn(folder: string, { count, inFolder }: Shape, version = ""): readonly State[] {
  return Array.from({ length: count }, (_, index) => {
    const at = index % inFolder;
    const parent = `${folder}/d${index - at}`;
    if (at === 0) return { kind: "directory", path: parent, content: "" };
    if (at === inFolder - 1) return { kind: "link", path: `${parent}/link`, content: "f1" };
    return {
      kind: "file",
      path: `${parent}/f${at}`,
      content: `number ${index}${version}\n`.repeat(20),
      notifies: index === 1,
    };
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
    bench_version: string("what their contents differ by", { default: "" }),
  },
  resources: ({ bench_folder, bench_version, bench_count: count, bench_in_folder: inFolder }) =>
    statesIn(bench_folder, { count, inFolder }, bench_version).map(({ kind, path, content, notifies }) => {
      if (kind === "directory") return directory({ path, owner });
      if (kind === "link") return link({ path, target: content });
      return file({ path, content, owner }, bench_version && notifies ? { notify: ["handler"] } : {});
    }),
  handlers: ({ bench_folder }) => ({ handler: sh`cp -- ${handled(bench_folder).from} ${handled(bench_folder).to}` }),
});

await runPlaybook([{ hosts: "all", become: false, roles: [states] }], import.meta.url);

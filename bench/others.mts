import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { State } from "./states.mts";

/** How another tool does the same job. */
export interface Rival {
  readonly name: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const HOME = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "hostwright-bench");
/** ansible-core and Mitogen as those who use both pin them: this Mitogen supports no newer one. */
const PACKAGES = ["ansible-core", "mitogen", "pyinfra"];

/** The folder of a virtual environment with the others, made when it is first needed; undefined, and why, where PyPI cannot be had. */
export function others(): { readonly bin: string; readonly versions: string } | { readonly problem: string } {
  const bin = join(HOME, "bin");
  if (!existsSync(join(bin, "pyinfra"))) {
    const made = spawnSync("python3", ["-m", "venv", HOME], { encoding: "utf8" });
    if (made.status !== 0) return { problem: made.stderr || String(made.error) };
    const got = spawnSync(join(bin, "pip"), ["install", "-q", ...PACKAGES], { encoding: "utf8" });
    if (got.status !== 0) return { problem: got.stderr.trim().split("\n").at(-1) ?? "pip failed" };
  }
  const list = execFileSync(join(bin, "pip"), ["list", "--format=freeze"], { encoding: "utf8" });
  return {
    bin,
    versions: list
      .split("\n")
      .filter((line) => PACKAGES.some((name) => line.startsWith(`${name}==`)))
      .join(", "),
  };
}

/** What a job of the others is made of. */
export interface Job {
  readonly bin: string;
  readonly dir: string;
  /** A file as of ssh_config(5) that knows the hosts. */
  readonly config: string;
  readonly hosts: readonly Reached[];
  readonly login: { readonly user: string; readonly key: string; readonly knownHosts: string };
  readonly states: readonly State[];
  /** Shell that runs last, where a state that notifies it was changed. */
  readonly handler?: string;
}

/** A host, and where it is. */
export interface Reached {
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

/** The others, set up as their manuals say for speed: pipelining, one kept connection a host, no facts, as many forks as hosts. */
export function rivals({ bin, dir, config, hosts, login, states, handler }: Job): readonly Rival[] {
  const inventory = join(dir, "rivals.json");
  const ssh = `-F ${config}`;
  writeFileSync(inventory, JSON.stringify({ all: { hosts: Object.fromEntries(hosts.map(({ name }) => [name, {}])) } }));
  const tasks = states.map(({ kind, path, content, notifies }) => {
    if (kind === "directory") return { "ansible.builtin.file": { path, state: "directory", mode: "0755" } };
    if (kind === "link") return { "ansible.builtin.file": { path, src: content, state: "link" } };
    return { "ansible.builtin.copy": { dest: path, content, mode: "0644" }, ...(notifies && { notify: "handler" }) };
  });
  const handlers = handler === undefined ? [] : [{ name: "handler", "ansible.builtin.shell": handler }];
  const book = join(dir, "rivals.yml.json");
  writeFileSync(book, JSON.stringify([{ hosts: "all", gather_facts: false, tasks, handlers }]));
  const deploy = join(dir, "deploy.py");
  writeFileSync(deploy, pyinfraOf(states, handler));
  const inventoryOfPyinfra = join(dir, "inventory.py");
  const data = ({ address, port }: Reached) => ({
    ...{ ssh_hostname: address, ssh_port: port, ssh_user: login.user, ssh_key: login.key },
    ...{ ssh_known_hosts_file: login.knownHosts },
  });
  writeFileSync(
    inventoryOfPyinfra,
    `hosts = [${hosts.map((host) => `(${JSON.stringify(host.name)}, ${JSON.stringify(data(host))})`).join(", ")}]\n`,
  );
  const ansible = {
    ANSIBLE_PIPELINING: "True",
    ANSIBLE_FORKS: String(hosts.length),
    ANSIBLE_SSH_ARGS: `${ssh} -o ControlMaster=auto -o ControlPersist=60s -o ControlPath=${dir}/%C`,
    ANSIBLE_HOME: join(dir, "ansible"),
    ANSIBLE_PYTHON_INTERPRETER: "/usr/bin/python3",
  };
  const play = [join(bin, "ansible-playbook"), "-i", inventory, book];
  const mitogen = execFileSync(
    join(bin, "python"),
    ["-c", "import ansible_mitogen, os; print(os.path.dirname(ansible_mitogen.__file__))"],
    { encoding: "utf8" },
  ).trim();
  return [
    { name: "Ansible", command: play, env: ansible },
    {
      name: "Ansible with Mitogen",
      command: play,
      env: {
        ...ansible,
        ANSIBLE_STRATEGY: "mitogen_linear",
        ANSIBLE_STRATEGY_PLUGINS: join(mitogen, "plugins/strategy"),
      },
    },
    {
      name: "pyinfra",
      command: [join(bin, "pyinfra"), "-y", inventoryOfPyinfra, deploy],
      env: {},
    },
  ];
}

function pyinfraOf(states: readonly State[], handler: string | undefined): string {
  const lines = states.map(({ kind, path, content, notifies }) => {
    if (kind === "directory") return `files.directory(path=${JSON.stringify(path)}, mode="755")`;
    if (kind === "link") return `files.link(path=${JSON.stringify(path)}, target=${JSON.stringify(content)})`;
    const put = `files.put(src=StringIO(${JSON.stringify(content)}), dest=${JSON.stringify(path)}, mode="644")`;
    return notifies ? `notifies = ${put}` : put;
  });
  const last =
    handler === undefined ? [] : [`server.shell(commands=[${JSON.stringify(handler)}], _if=notifies.did_change)`];
  return ["from io import StringIO", "from pyinfra.operations import files, server", ...lines, ...last, ""].join("\n");
}

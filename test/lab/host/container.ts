import { basename, dirname } from "node:path";
import { attempt, run } from "../command.ts";
import { isEmulated, type Lab, type LabHost } from "../identity.ts";

const MON_MEMORY = "2g";

/** What the engine says of one container of the lab. */
export interface ContainerState {
  readonly name: string;
  /** "running", "exited", "created", …; "absent" if there is none. */
  readonly status: string;
  readonly image: string;
  /** The checkout that made it; "" where it does not say. */
  readonly checkout: string;
}

const CHECKOUT = "hostwright.checkout";

/** The states of these containers, in their order, from one call of the engine. */
export async function containerStates(names: readonly string[]): Promise<ContainerState[]> {
  const format = `{{.Name}}\t{{.State.Status}}\t{{.Config.Image}}\t{{index .Config.Labels "${CHECKOUT}"}}`;
  const { stdout } = await attempt(["docker", "container", "inspect", "--format", format, ...names]);
  const rows = stdout.split("\n").map((line) => line.replace(/^\//, "").split("\t"));
  return names.map((name) => {
    const [, status = "absent", image = "", checkout = ""] = rows.find(([found]) => found === name) ?? [];
    return { name, status, image, checkout };
  });
}

/** Creates the host's container; it is not started, and nobody can log in yet. */
export async function createContainer(lab: Lab, host: LabHost, image: string): Promise<void> {
  if (host.kind === "mon") await run(["docker", "volume", "create", "--label", lab.label, volumeOf(host)]);
  await run([
    ...["docker", "create", "--name", host.container, "--hostname", host.name],
    ...["--label", lab.label, "--label", `hostwright.host=${host.name}`, "--restart", "no"],
    ...["--label", `${CHECKOUT}=${lab.checkout}`],
    ...["--network", lab.network, "--ip", host.address],
    ...["--publish", `127.0.0.1:${host.sshPort}:22`],
    ...host.ports.flatMap((pair) => ["--publish", `127.0.0.1:${pair}`]),
    ...asMachine,
    ...(isEmulated(host) ? ["--env", "LAB_EMULATED=1"] : []),
    ...(host.kind === "mon" ? forDocker(host) : []),
    image,
  ]);
}

/** Lets the operator's key in as "ubuntu". Works before the first start. */
export async function authorize(host: LabHost, publicKeyPath: string): Promise<void> {
  const script = `tar -C "$1" -cf - --owner=1000 --group=1000 --mode=600 --transform 's,.*,authorized_keys,' -- "$2" |
    docker cp - "$3:/home/ubuntu/.ssh"`;
  await run(["sh", "-c", script, "sh", dirname(publicKeyPath), basename(publicKeyPath), host.container]);
}

/** The volume that holds what Docker inside the host keeps. */
export function volumeOf(host: LabHost): string {
  return `${host.container}-docker`;
}

/** Removes the host's container and its volumes, if there are any. */
export async function removeHost(host: LabHost): Promise<void> {
  await attempt(["docker", "rm", "--force", "--volumes", host.container]);
  await attempt(["docker", "volume", "rm", "--force", volumeOf(host)]);
}

/** Arguments by which systemd can run. Not --privileged: that fails where the machine itself lacks a capability. */
export const asMachine = [
  ...["SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE", "MKNOD"].flatMap((capability) => ["--cap-add", capability]),
  ...["--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined", "--cgroupns", "private"],
  // Docker lets everybody in a container have ports below 1024; a host does not.
  ...["--sysctl", "net.ipv4.ip_unprivileged_port_start=1024"],
  ...["--tmpfs", "/run", "--tmpfs", "/run/lock", "--stop-timeout", "20"],
];

/** Docker inside Docker needs a disk of its own, and a small machine's memory shows that the stack fits one. */
function forDocker(host: LabHost): string[] {
  return ["--volume", `${volumeOf(host)}:/var/lib/docker`, "--memory", MON_MEMORY, "--memory-swap", MON_MEMORY];
}

import { notes, readLock } from "./assets/ensure.ts";
import { attempt } from "./command.ts";
import { containerStates } from "./host/container.ts";
import { isEmulated, type Lab, type LabHost } from "./identity.ts";
import { hasSpring } from "./workshop.ts";

/** Prints what runs where, and what the mirror serves. Changes nothing. */
export async function status(lab: Lab): Promise<void> {
  if ((await attempt(["docker", "version"])).exitCode !== 0) {
    process.stdout.write("no Docker engine answers: `npm run lab -- up` starts one\n");
    return;
  }
  const states = await containerStates([lab.assets.container, ...lab.hosts.map(({ container }) => container)]);
  const state = (container: string) => states.find(({ name }) => name === container)?.status ?? "absent";
  const imageOf = (container: string) => states.find(({ name }) => name === container)?.image ?? "";
  const rows = [
    ["CONTAINER", "STATE", "ADDRESS", "SSH", "ALSO", "MACHINE"],
    [
      lab.assets.container,
      state(lab.assets.container),
      lab.assets.address,
      "-",
      "-",
      "mirror: :5000 images, :80/releases/ archives",
    ],
    ...lab.hosts.map((host) => hostRow(host, state(host.container), imageOf(host.container))),
  ];
  process.stdout.write(`${table(rows)}\n\n${table(assetRows(lab))}\n`);
}

function hostRow(host: LabHost, state: string, image: string): string[] {
  const also = host.ports.map((pair) => `127.0.0.1:${pair.replace(":", " -> ")}`).join(" ") || "-";
  const application = image === "" || host.kind === "mon" ? "" : hasSpring(image) ? ", Spring Boot" : ", a stand-in";
  const machine = `${host.architecture}${isEmulated(host) ? ", emulated" : ""}${application}`;
  return [host.container, state, host.address, `127.0.0.1:${host.sshPort}`, also, machine];
}

function assetRows(lab: Lab): string[][] {
  const served = readLock(lab);
  if (served === undefined) return [["nothing is served yet"]];
  const isReal = notes(served).length === 0 ? "all from upstream" : "not all from upstream";
  const rows = Object.entries(served).map(([name, { source, sha256 }]) => [name, source, sha256.slice(0, 12)]);
  return [["ASSET", `SOURCE (${isReal})`, "SHA256"], ...rows];
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_cell, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ");
  return rows.map((row) => line(row).trimEnd()).join("\n");
}

import { join } from "node:path";
import { arch } from "node:process";
import { LabError } from "./log.ts";

/** Debian's names for the two architectures a lab knows. */
export type Architecture = "amd64" | "arm64";

/** One container that plays a machine to be managed over SSH. */
export interface LabHost {
  readonly name: string;
  readonly kind: "mon" | "app";
  readonly container: string;
  readonly address: string;
  readonly sshPort: number;
  readonly architecture: Architecture;
  /** What an app host runs: the Spring Boot application, or the program in its place. */
  readonly application?: "spring" | "stand-in";
  /** Further ports on 127.0.0.1, each as "outside:inside". */
  readonly ports: readonly string[];
}

/** All names, addresses and folders of one lab. Two labs share nothing but caches. */
export interface Lab {
  readonly number: number;
  readonly label: string;
  /** The folder whose lab it is: two checkouts may want the same number. */
  readonly checkout: string;
  readonly network: string;
  readonly subnet: string;
  readonly stateDir: string;
  readonly cacheDir: string;
  readonly locksDir: string;
  readonly hosts: readonly LabHost[];
  readonly assets: { readonly container: string; readonly address: string };
}

const rootDir = join(import.meta.dirname, "../..");
const MAX_LAB = 99;

/** The architecture of this machine; throws on any other than the two. */
export function machineArchitecture(): Architecture {
  if (arch === "x64") return "amd64";
  if (arch === "arm64") return "arm64";
  throw new LabError(`the lab knows x86-64 and arm64 machines, not ${arch}`);
}

/** Whether this machine runs the host's programs by an emulator. */
export function isEmulated({ architecture }: Pick<LabHost, "architecture">): boolean {
  return architecture !== machineArchitecture();
}

/**
 * The lab that HOSTWRIGHT_LAB names, 0 by default. Throws on anything but a small number. Where HOSTWRIGHT_LAB_NATIVE is set, no
 * host is emulated.
 */
export function labOf(setting: string | undefined, native = ""): Lab {
  const number = Number(setting === undefined || setting === "" ? "0" : setting);
  if (!Number.isInteger(number) || number < 0 || number > MAX_LAB) {
    throw new LabError(`HOSTWRIGHT_LAB must be a number from 0 to ${MAX_LAB}, not "${setting}"`);
  }
  const prefix = `hostwright-${number}`;
  const subnet = `172.30.${77 + number}`;
  return {
    number,
    label: `hostwright.lab=${number}`,
    checkout: rootDir,
    network: prefix,
    subnet: `${subnet}.0/24`,
    stateDir: join(rootDir, ".lab", String(number)),
    cacheDir: join(rootDir, ".lab", "cache"),
    locksDir: join(rootDir, ".lab", "locks"),
    hosts: [
      { ...named("mon", 10), kind: "mon", architecture: machineArchitecture(), ports: [`${8000 + 10 * number}:80`] },
      {
        ...named("app-dev", 11),
        kind: "app",
        architecture: native ? machineArchitecture() : "arm64",
        application: "stand-in",
        ports: [],
      },
      { ...named("app-prod", 12), kind: "app", architecture: machineArchitecture(), application: "spring", ports: [] },
    ],
    assets: { container: `${prefix}-assets`, address: `${subnet}.2` },
  };

  function named(name: string, last: number) {
    const sshPort = 2200 + last + 10 * number;
    return { name, container: `${prefix}-${name}`, address: `${subnet}.${last}`, sshPort };
  }
}

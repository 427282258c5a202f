import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { describeKey, fingerprint, publicLine } from "../connection/public-key.ts";
import { parseArguments } from "./arguments.ts";
import { UsageError } from "./options.ts";
import { runProgram, say, stderr } from "./program.ts";

const HELP = `usage: npx zx playbooks/bootstrap.mts [--console] HOST

Makes a host key, and prints user data by which cloud-init gives it to the machine.

      --console        make none: read what the machine printed on its console (stdin), and print the option that takes its keys
  -h, --help

So the key of a new or rebuilt machine is proven before it is trusted:

  npx zx playbooks/bootstrap.mts app-1 >user-data.yml
  aws ec2 get-console-output --latest --instance-id i-0123 --output text | npx zx playbooks/bootstrap.mts --console app-1

Both say what to add to the next run: --rebuilt app-1=SHA256:… (docs/rebuild.md)`;

/** Runs the program that readies the first contact with a machine when its file (`import.meta.url`) was started; sets the exit code. */
export async function runBootstrap(url: string): Promise<void> {
  await runProgram(url, async (args) => {
    const { values, positionals } = parseArguments(args, {
      console: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    });
    if (values.help) return say(HELP);
    const [host, ...others] = positionals;
    if (host === undefined || others.length > 0) {
      const found = host === undefined ? "no host" : `"${others[0]}" behind the host`;
      throw new UsageError({ found, expected: "one host (--help says more)" });
    }
    if (!/^[\w.-]+$/.test(host))
      throw new UsageError({ found: `"${host}"`, expected: "the name of a host in the inventory" });
    const { out, next } = values.console ? ofConsole(host, await text(process.stdin)) : await ofNewKey(host);
    stderr().write(next);
    return say(out);
  });
}

interface Told {
  readonly out: string;
  readonly next: string;
}

async function ofNewKey(host: string): Promise<Told> {
  const folder = await mkdtemp(join(tmpdir(), "hostwright-key-"));
  try {
    const path = join(folder, "key");
    await promisify(execFile)("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", host, "-f", path]).catch(
      (cause: unknown) => {
        throw new UsageError(
          { message: "ssh-keygen", found: `${cause}`, expected: "OpenSSH's programs on this machine" },
          { cause },
        );
      },
    );
    const [secret, line] = await Promise.all([readFile(path, "utf8"), readFile(`${path}.pub`, "utf8")]);
    const key = publicLine(line) ?? Buffer.alloc(0);
    return {
      out: userData(secret, line),
      next: `${host}: its host key will be ${describeKey(key)}. The key is in these user data and nowhere else: whoever reads them can pretend to be ${host}.
  next      start the machine with them, then add to the first run: ${rebuilt(host, [key].map(fingerprint))}
`,
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/**
 * Returns user data of cloud-init by which a machine has this host key and no other
 * (https://cloudinit.readthedocs.io/en/latest/reference/modules.html#ssh, `ssh_keys`).
 */
export function userData(secret: string, line: string): string {
  const indented = (lines: string) => lines.trimEnd().replaceAll(/^/gm, "    ");
  return `#cloud-config
ssh_deletekeys: true
ssh_keys:
  ed25519_private: |
${indented(secret)}
  ed25519_public: |
${indented(line)}`;
}

function ofConsole(host: string, output: string): Told {
  const prints = fingerprintsIn(output);
  if (prints.length === 0) {
    throw new UsageError({
      message: `the console output of ${host}`,
      found: output.trim() === "" ? "nothing" : "no SSH host keys",
      expected: "what cloud-init prints between BEGIN SSH HOST KEY KEYS and END",
      hint: "a machine prints it once, at the end of its first boot, and EC2 shows it minutes later (--latest: sooner)",
    });
  }
  return {
    out: rebuilt(host, prints),
    next: `${host}: its console shows ${prints.length} host key${prints.length === 1 ? "" : "s"}.
  next      add this to the first run:
`,
  };
}

const rebuilt = (host: string, prints: readonly string[]): string => `--rebuilt ${host}=${prints.join(",")}`;

/**
 * Returns the fingerprints of the host keys that cloud-init printed last, as `ssh-keygen -l` has them: a machine that was rebuilt may
 * have printed others before. Whole keys, and fingerprints where those are left out (`write-ssh-key-fingerprints` of cloud-init); what
 * a console puts before its lines plays no part.
 */
export function fingerprintsIn(output: string): readonly string[] {
  const last = (what: string): string =>
    [
      ...output.matchAll(
        new RegExp(`-----BEGIN SSH HOST KEY ${what}-----([^]*?)-----END SSH HOST KEY ${what}-----`, "g"),
      ),
    ].at(-1)?.[1] ?? "";
  const keys = [...last("KEYS").matchAll(/\b(?:ssh-ed25519|ecdsa-sha2-\S+|ssh-rsa) [A-Za-z0-9+/]+=*/g)];
  const whole = keys.flatMap(([line]) => publicLine(line) ?? []).map(fingerprint);
  return [...new Set(whole.length > 0 ? whole : (last("FINGERPRINTS").match(/\bSHA256:[A-Za-z0-9+/]{43}\b/g) ?? []))];
}

import { homedir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { sshAddressProblem } from "../format/address.ts";
import { formats } from "../format/format.ts";
import { reveal, Secret, type Text } from "../shell/secret.ts";
import { formatPlace, type Host, InventoryError, type Place, type VarValue } from "./inventory.ts";
import { describe } from "./problem.ts";
import { hintFor } from "./suggest.ts";
import { isTemplate, NO_TEMPLATES } from "./template.ts";

/** How to reach a host, as its vars say. What is undefined is left to the SSH configuration or the command line. */
export interface ConnectionVars {
  readonly address: string;
  readonly port: number | undefined;
  readonly user: string | undefined;
  /** Absolute; relative paths are relative to the file that says so. */
  readonly key: string | undefined;
  /** Absolute, like `key`. */
  readonly knownHosts: string | undefined;
  readonly password: Text | undefined;
  /** "ssh" where nothing is said. */
  readonly connection: "ssh" | "local";
  readonly become: boolean | undefined;
  readonly becomeUser: string | undefined;
  readonly becomePassword: Text | undefined;
  readonly becomeMethod: string | undefined;
  /** Further arguments of ssh, one line of words as Ansible has it. */
  readonly sshArgs: string | undefined;
}

/** Names of each setting: all mean the same, and may not differ. */
export const NAMES = {
  address: ["host", "ansible_host", "ansible_ssh_host"],
  port: ["port", "ansible_port", "ansible_ssh_port"],
  user: ["user", "ansible_user", "ansible_ssh_user"],
  key: ["key", "ansible_ssh_private_key_file", "ansible_private_key_file"],
  knownHosts: ["known_hosts"],
  password: ["ansible_password", "ansible_ssh_pass", "ansible_ssh_password"],
  connection: ["ansible_connection"],
  become: ["ansible_become"],
  becomeUser: ["ansible_become_user", "ansible_sudo_user"],
  becomePassword: ["ansible_become_password", "ansible_become_pass", "ansible_sudo_pass"],
  becomeMethod: ["ansible_become_method"],
  commonArgs: ["ansible_ssh_common_args"],
  extraArgs: ["ansible_ssh_extra_args"],
} as const;

/** Our own names among them; Ansible's all begin with `ansible_`. */
export const CONNECTION_VARS: readonly string[] = Object.values(NAMES)
  .flat()
  .filter((name) => !name.startsWith("ansible_"));

/** Ansible's other vars: they mean nothing here and are not mistakes. */
export const IGNORED = [
  ..."python_interpreter shell_type shell_executable group_priority facts managed remote_tmp pipelining".split(" "),
  ..."ssh_args ssh_executable ssh_pipelining ssh_retries ssh_timeout ssh_transfer_method ssh_use_tty timeout".split(
    " ",
  ),
  ..."scp_executable scp_extra_args sftp_executable sftp_extra_args sftp_batch_mode scp_if_ssh".split(" "),
  ..."host_key_checking ssh_host_key_checking become_exe become_flags async_dir module_compression network_os".split(
    " ",
  ),
  ..."facts_parallel keep_remote_files no_target_syslog system_tmpdirs version diff_mode check_mode verbosity".split(
    " ",
  ),
  ..."perl_interpreter ruby_interpreter control_path control_path_dir paramiko_host_key_checking".split(" "),
].map((name) => `ansible_${name}`);
/** … and those of its other connections. */
export const IGNORED_PREFIX =
  /^ansible_(?:winrm|psrp|httpapi|netconf|docker|kubectl|aws_ssm|lxd|paramiko|local|runas|su|doas)_/;

/** Returns how to reach the host. Throws InventoryError on a mistyped `ansible_…`, a wrong type, or two names that disagree. */
export function connectionVars(host: Host): ConnectionVars {
  checkNames(host);
  const sshArgs = [text(host, NAMES.commonArgs), text(host, NAMES.extraArgs)].filter((words) => words !== undefined);
  return {
    address: address(host),
    port: port(host),
    user: user(host),
    key: path(host, NAMES.key),
    knownHosts: path(host, NAMES.knownHosts),
    password: secretText(host, NAMES.password),
    connection: connection(host),
    become: flag(host, NAMES.become),
    becomeUser: text(host, NAMES.becomeUser),
    becomePassword: secretText(host, NAMES.becomePassword),
    becomeMethod: shortName(text(host, NAMES.becomeMethod)),
    sshArgs: sshArgs.length > 0 ? sshArgs.join(" ") : undefined,
  };
}

function checkNames(host: Host): void {
  const known = [...Object.values(NAMES).flat(), ...IGNORED];
  for (const name of Object.keys(host.vars)) {
    if (!name.startsWith("ansible_") || known.some((other) => other === name) || IGNORED_PREFIX.test(name)) continue;
    throw new InventoryError({
      place: host.place([name], "key"),
      found: `the unknown var "${name}" of host "${host.name}"`,
      expected: "one that Ansible knows",
      hint: hintFor(name, known),
    });
  }
}

interface Given {
  readonly name: string;
  readonly value: VarValue;
  readonly place: Place | undefined;
}

function given(host: Host, names: readonly string[]): Given | undefined {
  const found = names.flatMap((name): Given[] => {
    const value = host.vars[name] ?? null;
    return value === null ? [] : [{ name, value, place: host.place([name]) }];
  });
  const [first, ...others] = found;
  const templated = found.find(({ value }) => isTemplate(value));
  if (templated) throw wrong(hidden(templated), NO_TEMPLATES);
  const other = others.find(({ value }) => first !== undefined && !sameValue(value, first.value));
  if (first === undefined || other === undefined) return first;
  const there = other.place ? ` (${formatPlace(other.place)})` : "";
  throw new InventoryError({
    place: first.place,
    found: `"${first.name}" and "${other.name}"${there} with different values for host "${host.name}"`,
    expected: "one of them",
  });
}

/** Returns the name under which a host has a setting, and where; undefined where nothing says it. */
export function settingOf(host: Host, setting: keyof typeof NAMES): Omit<Given, "value"> | undefined {
  return given(host, NAMES[setting]);
}

/** What stands beside the template in a password is not for a message. */
function hidden(found: Given): Given {
  return /pass/.test(found.name) ? { ...found, value: new Secret("", found.name) } : found;
}

// 22 and "22" are the same port; two secrets are never compared, it would reveal them.
function sameValue(a: VarValue, b: VarValue): boolean {
  return a === b || (!(a instanceof Secret) && !(b instanceof Secret) && String(a) === String(b));
}

function text(host: Host, names: readonly string[]): string | undefined {
  const found = given(host, names);
  if (found === undefined) return undefined;
  const value = found.value instanceof Secret ? reveal(found.value) : found.value;
  if (typeof value !== "string" || value === "") throw wrong(found, "text");
  return value;
}

/** The host's own name where no var says more. `local` goes nowhere, so any name does for it. */
function address(host: Host): string {
  const value = text(host, NAMES.address) ?? host.name;
  const problem = connection(host) === "local" ? undefined : sshAddressProblem(value);
  if (problem === undefined) return value;
  const expected = `${formats.address.words}: ${problem}`;
  const found = given(host, NAMES.address);
  if (found !== undefined) throw wrong(found, expected);
  const message = `host "${host.name}"`;
  throw new InventoryError({ message, place: host.namedAt, found: "its name for an address (var host)", expected });
}

/** Who logs in: what would be an option of ssh, or two of its words, is nobody. */
function user(host: Host): string | undefined {
  const found = given(host, NAMES.user);
  const value = text(host, NAMES.user);
  if (found === undefined || value === undefined || !/^-|[\s\p{Cc}]/u.test(value)) return value;
  throw wrong(found, "the name of a user, such as ubuntu");
}

function secretText(host: Host, names: readonly string[]): Text | undefined {
  const found = given(host, names);
  if (found === undefined || found.value instanceof Secret) return found?.value as Secret | undefined;
  // Ansible takes a password of digits without quotes; so do we.
  if (typeof found.value === "string" || typeof found.value === "number") return String(found.value);
  throw wrong(found, "text");
}

function port(host: Host): number | undefined {
  const found = given(host, NAMES.port);
  if (found === undefined) return undefined;
  const port = typeof found.value === "string" && /^\d+$/.test(found.value) ? Number(found.value) : found.value;
  if (typeof port === "number" && Number.isInteger(port) && port > 0 && port < 65536) return port;
  throw wrong(found, "a port, 1 to 65535");
}

function path(host: Host, names: readonly string[]): string | undefined {
  const found = given(host, names);
  const path = text(host, names);
  if (path === undefined || isAbsolute(path)) return path;
  if (path === "~" || path.startsWith("~/")) return join(homedir(), path.slice(1));
  return resolve(dirname(found?.place?.file ?? ""), path);
}

function flag(host: Host, names: readonly string[]): boolean | undefined {
  const found = given(host, names);
  if (found === undefined || typeof found.value === "boolean") return found?.value as boolean | undefined;
  // `-e ansible_become=yes` and quoted booleans are text.
  if (/^(?:yes|true|on|1)$/i.test(String(found.value))) return true;
  if (/^(?:no|false|off|0)$/i.test(String(found.value))) return false;
  throw wrong(found, "true or false");
}

function connection(host: Host): "ssh" | "local" {
  const found = given(host, NAMES.connection);
  const name = typeof found?.value === "string" ? shortName(found.value) : found?.value;
  if (found === undefined || SSH_PLUGINS.some((plugin) => plugin === name)) return "ssh";
  if (name === "local") return "local";
  throw wrong(found, '"ssh" or "local"');
}

/** Ansible's plugins that speak SSH: ours does for all. */
const SSH_PLUGINS = ["ssh", "smart", "paramiko", "paramiko_ssh"];

/** `sudo` of `ansible.builtin.sudo`, in the collections that Ansible's own plugins are in; what we do not have keeps its name. */
function shortName(name: string | undefined): string | undefined {
  return name?.replace(
    /^(?:ansible\.(?:builtin|legacy)|community\.general)\.(?=(?:ssh|smart|paramiko|paramiko_ssh|local|sudo|doas)$)/,
    "",
  );
}

function wrong({ name, value, place }: Given, expected: string): InventoryError {
  return new InventoryError({ message: `var ${name}`, place, found: describe(value), expected });
}

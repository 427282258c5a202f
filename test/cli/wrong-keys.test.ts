import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { refusesInputs, type WrongInput } from "../support/wrong-input.ts";

const folder = t.testdir({});

/** The text of a key's file, made by ssh-keygen. */
function keyOf(passphrase: string, half: "" | ".pub" = ""): string {
  const path = join(folder, `key-of-${passphrase}`);
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", passphrase, "-C", "", "-f", path]);
  return readFileSync(`${path}${half}`, "utf8");
}

const locked = keyOf("locked away");
const open = keyOf("");

function withVars(text: string): string {
  return `web:\n  vars: { site_port: 80 }\n  hosts:\n    web-1: { host: 127.0.0.1, port: PORT, ${text} }\n`;
}

/** The agent of whoever runs the tests is not asked. */
const env = { SSH_AUTH_SOCK: "" };

const inputs: readonly WrongInput[] = [
  {
    name: "a key that is not there",
    hosts: withVars("key: keys/id"),
    message:
      /^DIR\/hosts.yml:4:\d+: var key: found DIR\/keys\/id, which is missing, expected a private key that can be used; create one: ssh-keygen -t ed25519 -f DIR\/keys\/id\n$/,
  },
  {
    name: "a key that two hosts share and that is not there",
    hosts:
      "web:\n  vars: { site_port: 80, host: 127.0.0.1, port: PORT, ansible_ssh_private_key_file: id }\n  hosts: { web-1: , web-2: }\n",
    message:
      /^DIR\/hosts.yml:2:\d+: var ansible_ssh_private_key_file: found DIR\/id, which is missing, expected [^\n]*\n$/,
  },
  {
    name: "a key that is another file",
    hosts: withVars("key: hosts.yml"),
    message:
      /^DIR\/hosts.yml:4:\d+: var key: found DIR\/hosts.yml, which is not a private key, expected a private key that can be used\n$/,
  },
  {
    name: "a key that is empty",
    hosts: withVars("key: id"),
    files: { id: "" },
    message: /^DIR\/hosts.yml:4:\d+: var key: found DIR\/id, which is not a private key, expected /,
  },
  {
    name: "a key that is a folder",
    hosts: withVars("key: keys"),
    files: { keys: { id: open } },
    message: /^DIR\/hosts.yml:4:\d+: var key: found DIR\/keys, which cannot be read \(EISDIR\), expected /,
  },
  {
    name: "a key's public half",
    hosts: withVars("key: id.pub"),
    files: { "id.pub": keyOf("public", ".pub") },
    env,
    message:
      /^DIR\/hosts.yml:4:\d+: var key: found DIR\/id.pub, which is a public key, and no agent holds its private half, expected /,
  },
  {
    name: "a key with a passphrase that nobody can be asked for",
    hosts: withVars("key: id"),
    files: { id: locked },
    env,
    message:
      /^DIR\/hosts.yml:4:\d+: var key: found DIR\/id, which is encrypted and no agent holds it, expected a private key that can be used; unlock it once: ssh-add DIR\/id\n$/,
  },
  {
    name: "a key in a form that is not supported",
    hosts: withVars("key: id"),
    files: { id: execFileSync("openssl", ["genpkey", "-algorithm", "ed25519"], { encoding: "utf8" }) },
    message: /^DIR\/hosts.yml:4:\d+: var key: found DIR\/id, which cannot be read \(ed25519 in PKCS#8 is not supported/,
  },
  {
    name: "a key of the command line that is not there",
    hosts: withVars("user: ubuntu"),
    more: ["--private-key", "DIR/id"],
    message: /^--private-key: found DIR\/id, which is missing, expected /,
  },
  {
    name: "known_hosts that is a folder",
    hosts: withVars("known_hosts: pins"),
    files: { pins: { "web-1": "" } },
    message:
      /^DIR\/hosts.yml:4:\d+: var known_hosts: found DIR\/pins, which cannot be read \(EISDIR\), expected a file of host keys\n$/,
  },
  {
    name: "a folder where known_hosts would be",
    hosts: withVars("user: ubuntu"),
    files: { known_hosts: { "web-1": "" } },
    message:
      "known_hosts beside the inventory: found DIR/known_hosts, which cannot be read (EISDIR), expected a file of host keys",
  },
];

await refusesInputs(t, inputs);

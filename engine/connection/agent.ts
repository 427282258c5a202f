import { connect } from "node:net";
import { env } from "node:process";
import { type Certificate, isCertificate, parseCertificate } from "./certificate.ts";
import { fieldAt } from "./public-key.ts";
import type { SshConfig } from "./ssh-config.ts";

/** What an ssh-agent can sign for. */
export interface Agent {
  readonly socket: string;
  /** Somebody answers at the socket; where nobody does, nothing is held. */
  readonly answers: boolean;
  /** Public keys without their certificates. */
  readonly keys: readonly Buffer[];
  /** Those that can be shown; an agent may hold one without the plain key. */
  readonly certificates: readonly Certificate[];
}

/** Returns the agent of this configuration; undefined where none is named. */
export async function agentOf(config: SshConfig): Promise<Agent | undefined> {
  const socket = agentSocketOf(config);
  if (socket === undefined) return undefined;
  const answer = await agentKeys(socket);
  const held = answer ?? [];
  const certificates = held.flatMap((blob) => parseCertificate(blob, undefined, Date.now()) ?? []);
  const keys = held.filter((blob) => !isCertificate(blob));
  return { socket, answers: answer !== undefined, keys, certificates };
}

/** True when the agent can sign for this key, with its certificate or without. */
export function canSign(agent: Agent | undefined, publicKey: Buffer | undefined): boolean {
  if (!agent || !publicKey) return false;
  return [...agent.keys, ...agent.certificates.map((one) => one.publicKey)].some((key) => key.equals(publicKey));
}

function agentSocketOf(config: SshConfig): string | undefined {
  if (config.identityAgent === "none") return undefined;
  const named = config.identityAgent ?? "$SSH_AUTH_SOCK";
  const socket = named.startsWith("$") ? env[named.slice(1).replaceAll(/[{}]/g, "")] : named;
  return socket || undefined;
}

const ANSWER_TIMEOUT_MS = 5_000;
const REQUEST_IDENTITIES = Buffer.from([0, 0, 0, 1, 11]);
const IDENTITIES_ANSWER = 12;

async function agentKeys(socketPath: string): Promise<readonly Buffer[] | undefined> {
  const answer = await ask(socketPath);
  return answer === undefined ? undefined : parseIdentities(answer);
}

function ask(socketPath: string): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    let received = Buffer.alloc(0);
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => socket.destroy());
    socket.on("connect", () => socket.write(REQUEST_IDENTITIES));
    socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 4 || received.length < 4 + received.readUInt32BE(0)) return;
      resolve(received.subarray(4, 4 + received.readUInt32BE(0)));
      socket.destroy();
    });
    // A dead socket is as good as no agent: the other identities are still tried, and "close" follows.
    socket.on("error", () => resolve(undefined));
    socket.on("close", () => resolve(undefined));
  });
}

function parseIdentities(answer: Buffer): readonly Buffer[] | undefined {
  if (answer[0] !== IDENTITIES_ANSWER) return undefined;
  const fields: Buffer[] = [];
  for (let at = 5; at + 4 <= answer.length; ) {
    const [field, end] = fieldAt(answer, at);
    fields.push(field);
    at = end;
  }
  // Key, comment, key, comment, …
  return fields.filter((_, index) => index % 2 === 0);
}

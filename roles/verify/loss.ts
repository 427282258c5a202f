import type { Asker, Said, Script } from "hostwright";
import type { Hop, Loss, Proof } from "../proof.ts";

/** A proof that was begun. */
export interface Begun {
  readonly host: string;
  readonly proof: Proof;
  readonly before: Said;
  readonly sent: Said;
}

/** Asks every hop of these proofs, one exec a host, and returns the first that is broken of each. */
export async function firstLoss(open: readonly Begun[], asker: Asker): Promise<ReadonlyMap<Begun, Loss>> {
  const ways = open.map((one) => [one, one.proof.hops(one.sent, one.before)] as const);
  const answers = await answersTo(
    ways.flatMap(([, hops]) => hops),
    asker,
  );
  const found = ways.flatMap(([one, hops]) => {
    const loss = hops.map((hop) => lossAt(hop, answers)).find((each) => each !== undefined);
    return loss ? [[one, loss] as const] : [];
  });
  return new Map(found);
}

type Answers = ReadonlyMap<string, Said>;

function lossAt(hop: Hop, answers: Answers): Loss | undefined {
  const said = hop.asks.map(({ on, script }) => answers.get(keyOf(on, script)));
  return hop.judge(...said.map((one) => one ?? { status: 1, stdout: "", stderr: "not asked" }));
}

/** Hops of several proofs may ask the same. */
async function answersTo(hops: readonly Hop[], asker: Asker): Promise<Answers> {
  const asked = new Map(hops.flatMap(({ asks }) => asks).map((ask) => [keyOf(ask.on, ask.script), ask]));
  const hosts = [...new Set([...asked.values()].map(({ on }) => on))];
  const said = await Promise.all(
    hosts.map(async (host) => {
      const own = [...asked].filter(([, { on }]) => on === host);
      const answers = await asker.ask(
        host,
        own.map(([, { script }]) => script),
      );
      return own.flatMap(([key], index) => (answers[index] ? [[key, answers[index]] as const] : []));
    }),
  );
  return new Map(said.flat());
}

function keyOf(on: string, { text }: Script): string {
  return `${on} ${text}`;
}

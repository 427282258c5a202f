import type { Host } from "../inventory/inventory.ts";
import type { Section } from "../shell/frame.ts";
import type { Script } from "../shell/sh.ts";

/** Answers, and how long they took; of several questions that were one exec the first has its time. */
export interface Heard {
  readonly sections: readonly Section[];
  readonly durationMs: number;
}

/** What hosts said before it was their plays' turn. It holds as long as nothing is changed. */
export interface Said {
  /** A host is about to be asked. Returns what keeps its answers, but none of a failure: what failed is asked again in its turn, where it is told. */
  asking(host: Host): (sections: readonly Script[], answers: readonly Section[], durationMs?: number) => void;
  /** Those of these sections of which nothing is known. */
  unasked(host: Host, sections: readonly Script[]): readonly Script[];
  /** What these sections said; undefined where one was not asked, or something was changed since. */
  known(host: Host, sections: readonly Script[]): Heard | undefined;
  /** Some host is changed: what was said may not be so any more, on any. */
  forget(): void;
}

/** Returns one that has heard nothing. */
export function newSaid(): Said {
  let changes = 0;
  const said = new Map<Host, ReadonlyMap<string, Section>>();
  const took = new Map<Host, number>();
  return {
    asking(host) {
      const before = changes;
      return (sections, answers, durationMs = 0) => {
        if (changes !== before) return;
        const good = sections.map(({ text }, index) => [text, answers[index]] as const);
        const told = good.filter((entry): entry is [string, Section] => entry[1]?.status === 0);
        said.set(host, new Map([...(said.get(host) ?? []), ...told]));
        took.set(host, durationMs);
      };
    },
    unasked: (host, sections) => sections.filter(({ text }) => !said.get(host)?.has(text)),
    known(host, sections) {
      const found = sections.map(({ text }) => said.get(host)?.get(text)).filter((section) => section !== undefined);
      if (found.length < sections.length) return undefined;
      const durationMs = took.get(host) ?? 0;
      took.delete(host);
      return { sections: found, durationMs };
    },
    forget() {
      changes += 1;
      said.clear();
    },
  };
}

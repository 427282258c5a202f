import { isConfirmed, isRolling, scriptOf } from "../role/handler.ts";
import type { Section } from "../shell/frame.ts";
import { confirmedIn, runConfirmed } from "./confirm.ts";
import { applyError } from "./converge-error.ts";
import type { LockedOptions, Progress } from "./converge-options.ts";
import { handlerSection } from "./host-state.ts";
import { refuseIfCut } from "./interrupt.ts";
import type { Look } from "./probe.ts";
import type { Work } from "./work.ts";

/**
 * Runs the handlers that are pending, and returns what the look says then; undefined where nobody looked. Those that a new connection has
 * to confirm come last, one by one. Throws `ApplyError`, `RolledBackError`.
 */
export async function runHandlers(
  work: Work,
  pending: readonly string[],
  look: Look,
  options: LockedOptions,
  progress: Progress,
): Promise<readonly Section[] | undefined> {
  const started = performance.now();
  const due = [...work.handlers].filter(([name]) => pending.includes(name));
  const handlers = due.filter(([, handler]) => !isConfirmed(handler));
  const [last] = handlers.length > 0 ? [] : confirmedIn({ ...work, handlers: new Map(due) });
  if (last) {
    await runConfirmed(...last, work, options, progress);
    return undefined;
  }
  const names = handlers.map(([name]) => name);
  options.emit({ kind: "phase", host: options.host, phase: "handlers", count: names.length, names });
  const scripts = handlers.map(([name, handler]) =>
    handlerSection(name, scriptOf(handler), { ...options.operation, handler: name }, options.paths),
  );
  const all = [...scripts, ...(options.keeping ? [options.keeping.after] : [])];
  const { sections } = await options.lock.run([...all, ...look.sections]);
  const done = handlers.filter((_, index) => sections[index]?.status === 0).map(([name]) => name);
  for (const name of done) progress.handlers.add(name);
  handlers.forEach(([, handler], index) => {
    for (const line of isRolling(handler) ? linesOf(sections[index]) : []) progress.notes.add(line);
  });
  const took = Object.fromEntries(done.map((name, index) => [name, sections[index]?.durationMs]));
  options.emit({ kind: "handled", host: options.host, handlers: done, took, durationMs: performance.now() - started });
  const left = handlers.slice(done.length).map(([name]) => `handler ${name}`);
  refuseIfCut(options.signal, { sections, wanted: all.length + look.sections.length, left });
  const failed = handlers[done.length];
  if (failed) throw applyError(`handler ${failed[0]}`, sections[done.length], { handler: failed[0] });
  return sections.slice(all.length);
}

function linesOf(section: Section | undefined): readonly string[] {
  return (section?.stdout ?? "").split("\n").filter((line) => line.trim() !== "");
}

/** What an agent makes of an entry of a sample: one file a format, beside this one. */
export interface Expected {
  readonly level: string | undefined;
  /** Whether the entry says a time, right or wrong. */
  readonly said: boolean;
  readonly trace: string | undefined;
  /** After 3 o'clock on the day of the samples, as the agent sends it: the entry's own, or the one before and some nanoseconds. */
  readonly at: string;
}

/** The day of the samples: who sends them has to make it today's, since an agent drops what is too old. */
export const DAY = "2026-11-26";

const of = (level: string | undefined, at: string, trace?: string, said = true): Expected => ({
  level,
  said,
  trace,
  at: `${DAY}T03:00:${at}Z`,
});
const trace = (digit: number) => `${digit}af7651916cd43dd8448eb211c80319c`;

const samples = {
  json: [
    of("INFO", "00.123456789", trace(0)),
    of("WARN", "01.5", trace(1)),
    of("ERROR", "02", trace(2)),
    of(undefined, "02.000000001", undefined, false),
    of(undefined, "02.000000002", undefined, false),
    of("ERROR", "03.75"),
    of(undefined, "04.25"),
    of("CRITICAL", "05"),
    of("DEBUG", "05.000000001", undefined, false),
    of("DEBUG", "05.000000002"),
    of("DEBUG", "05.000000003"),
    of("DEBUG", "05.000000004", undefined, false),
  ],
  logback: [
    of("INFO", "00.067", trace(0)),
    of("ERROR", "01.067"),
    of("WARN", "02.067", trace(2).slice(0, 16)),
    of("DEBUG", "03.067"),
    of("INFO", "03.067000001", trace(4), false),
  ],
  logfmt: [
    of("INFO", "00.5", trace(0)),
    of("WARN", "01.25", trace(1).slice(0, 16)),
    of("ERROR", "02"),
    of(undefined, "02.000000001", undefined, false),
  ],
} as const satisfies Record<string, readonly Expected[]>;

/** Returns what comes of each entry of a sample, in order. */
export function sampleOf(format: keyof typeof samples): readonly Expected[] {
  return samples[format];
}

/** A digit of a glob. */
const D = "[0-9]";
const YEAR = `20${D}${D}`;
const TWO = D + D;

/** Dates as logback, log4j2 and logrotate write them: each has a year, since two numbers alone may be an address or a version. */
const DATES = [
  ...["-", "_"].flatMap((mark) => [`${YEAR}${mark}${TWO}`, `${TWO}${mark}${TWO}${mark}${YEAR}`]),
  `${YEAR}.${TWO}.${TWO}`,
  `${TWO}.${TWO}.${YEAR}`,
  `${YEAR}[01]${D}[0-3]${D}`,
];

/** `app.1.log`, `app.log.12`: a number of up to three digits behind a word, not behind another number as in `api-1.2.log`. */
const NUMBERS = [D, TWO, D + TWO].flatMap((number) => [`[a-zA-Z].${number}`, `[a-zA-Z].${number}.*`]);

const PACKED = ["gz", "zip", "bz2", "xz", "zst"];

/**
 * Names of files that were rotated, as one glob: agents take one only, with alternatives in braces. It leaves `app.log`,
 * `app-prod.log`, `app2.log` and `2024-report.log` alone.
 */
export const ROTATED = `{${[
  ...DATES.map((date) => `*${date}*`),
  ...NUMBERS.map((number) => `*${number}`),
  ...PACKED.map((ending) => `*.${ending}`),
].join(",")}}`;

import t from "tap";
import { clockSuspicion } from "../../engine/run/clock.ts";

const now = Date.UTC(2026, 10, 27, 16) / 1000;
const DAY = 86_400;

const words = [
  { of: "apt", said: "E: Release file for http://d/InRelease is not valid yet (invalid for another 364d 5h)." },
  { of: "apt", said: "E: Release file for http://d/InRelease is expired (invalid since 3d 2h)." },
  { of: "sqv", said: "Error: Not live until 2025-11-27T08:00:00Z" },
  { of: "curl", said: "curl: (60) SSL certificate problem: certificate is not yet valid" },
  { of: "curl", said: "curl: (60) SSL certificate problem: certificate has expired" },
  { of: "wget", said: "ERROR: The certificate of 'd' is not yet activated." },
];

for (const { of, said } of words)
  t.test(`what ${of} says asks for the clock: ${said}`, async (t) => t.ok(clockSuspicion.complains(said)));

t.test("other words do not", async (t) => {
  for (const said of ["the file is not valid", "port 9100 is taken", "unit x.service is not yet active"])
    t.notOk(clockSuspicion.complains(said), said);
});

const cases = [
  {
    clock: now - 365 * DAY,
    message: "the clock of web is 365 days behind (2025-11-27T16:00Z; here it is 2026-11-27T16:00Z)",
  },
  { clock: now + 3600, message: "the clock of web is 1 hour ahead (2026-11-27T17:00Z; here it is 2026-11-27T16:00Z)" },
  {
    clock: now - 301,
    message: "the clock of web is 5 minutes behind (2026-11-27T15:54Z; here it is 2026-11-27T16:00Z)",
  },
  { clock: now - 100, message: undefined },
  { clock: undefined, message: undefined },
];

for (const { clock, message } of cases)
  t.test(`a clock at ${clock ?? "nobody knows what"}: ${message ?? "not the reason"}`, async (t) => {
    const stdout = clock === undefined ? "" : `${clock}\n`;
    t.equal(clockSuspicion.finds({ host: "web", said: "", now }, stdout)?.message, message);
  });

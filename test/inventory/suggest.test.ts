import t from "tap";
import { hintFor, suggest } from "../../engine/inventory/suggest.ts";

const cases: readonly (readonly [string, readonly string[], string | undefined])[] = [
  ["host", ["hosts", "vars", "children"], "hosts"],
  ["chidlren", ["hosts", "vars", "children"], "children"],
  ["Hosts", ["hosts"], "hosts"],
  ["ansible_hst", ["ansible_host", "ansible_port"], "ansible_host"],
  ["prot", ["port", "host"], "port"],
  ["grafana", ["loki", "tempo"], undefined],
  ["ab", ["cd", "ax"], undefined],
  ["same", ["same"], undefined],
  ["", ["a"], undefined],
];

for (const [found, candidates, meant] of cases) {
  t.test(`of ${candidates.join(", ")} the word "${found}" suggests ${meant ?? "nothing"}`, async (t) => {
    t.equal(suggest(found, candidates), meant);
    t.equal(hintFor(found, candidates), meant === undefined ? undefined : `did you mean "${meant}"?`);
  });
}

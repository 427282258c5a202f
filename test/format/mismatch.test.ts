import t from "tap";
import { formatMismatch, MismatchError } from "../../engine/format/mismatch.ts";
import { PlacedError } from "../../engine/resource/resource.ts";
import { VarError } from "../../engine/role/var-error.ts";

const values = { found: "81", expected: "80" };

const cases = [
  { parts: values, text: "found 81, expected 80" },
  { parts: { message: "port", ...values }, text: "port: found 81, expected 80" },
  { parts: { ...values, hint: "see vars.md" }, text: "found 81, expected 80; see vars.md" },
  { parts: { message: "nothing sets it", hint: "see vars.md" }, text: "nothing sets it; see vars.md" },
];

for (const { parts, text } of cases) {
  t.test(`the parts ${Object.keys(parts).join(", ")} in one line`, async (t) => {
    t.equal(formatMismatch(parts), text);
  });
}

const errors = [
  { error: new MismatchError({ message: "group app", ...values }), message: "group app: found 81, expected 80" },
  { error: new PlacedError({ file: "site.mts", line: 3 }, values), message: "site.mts:3: found 81, expected 80" },
  { error: new VarError(["port", "other"], values), message: "var port: found 81, expected 80" },
  { error: new VarError("port", values, "app-1"), message: "host app-1: var port: found 81, expected 80" },
];

for (const { error, message } of errors) {
  t.test(`"${message}" is an error that has its parts as data`, async (t) => {
    t.equal(error.message, message);
    t.match(error.mismatch, values);
  });
}

import t from "tap";
import { refuses } from "./refused.ts";

refuses(t, [
  {
    name: "a module without export",
    inventory: "prod.mts",
    files: { "prod.mts": "export const a = 1;\n" },
    message: "DIR/prod.mts: found no default export, expected groups, or an async function that returns them",
  },
  {
    name: "a module that fails",
    inventory: "prod.mts",
    files: { "prod.mts": "export default () => { throw new Error('no credentials'); };\n" },
    message: "DIR/prod.mts: found a module that fails (no credentials), expected groups",
  },
  {
    name: "a module with the wrong shape",
    inventory: "prod.mts",
    files: { "prod.mts": "export default { app: { host: {} } };\n" },
    message:
      'DIR/prod.mts: group "app": found the unknown key "host", expected one of "hosts", "vars", "children"; did you mean "hosts"?',
  },
  {
    name: "a module with more than data",
    inventory: "prod.mts",
    files: { "prod.mts": "export default { app: { vars: { d: new Date(0) } } };\n" },
    message: "DIR/prod.mts: found a Date at app.vars.d, expected plain data",
  },
]);

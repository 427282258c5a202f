// Prints the bill of materials of what runs in production, by `npm sbom` in CycloneDX. That leaves out with `--omit=dev` what tests use
// too, such as ssh2: so all is asked for, and what only development uses is left out here.
import { execFileSync } from "node:child_process";

const words = ["sbom", "--package-lock-only", "--sbom-format=cyclonedx"];
const bill = JSON.parse(execFileSync("npm", words, { encoding: "utf8", maxBuffer: 1 << 26 }));
const isDevelopment = ({ properties = [] }) =>
  properties.some(({ name, value }) => name === "cdx:npm:package:development" && value === "true");
// A project of ours is called by the name of its folder there.
const named = (one) => ({ ...one, name: one["bom-ref"].replace(/@[^@]*$/, "") });
const components = bill.components.filter((one) => !isDevelopment(one)).map(named);
const metadata = { ...bill.metadata, component: named(bill.metadata.component) };
const kept = new Set([metadata.component, ...components].map((one) => one["bom-ref"]));
const dependencies = bill.dependencies
  .filter(({ ref }) => kept.has(ref))
  .map(({ dependsOn = [], ...rest }) => ({ ...rest, dependsOn: dependsOn.filter((ref) => kept.has(ref)) }));
console.log(JSON.stringify({ ...bill, metadata, components, dependencies }, null, 2));

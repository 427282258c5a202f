// npm runs this before and after it packs. In this repository the package is its TypeScript; Node strips no types below
// node_modules, so what is packed is JavaScript, and a package.json that says so.
import { execFileSync } from "node:child_process";
import { copyFileSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";

const KEPT = "package.json.kept";

if (process.argv[2] === "before") {
  rmSync("dist", { recursive: true, force: true });
  execFileSync("tsc", ["-p", "tsconfig.json"], { stdio: "inherit" });
  copyFileSync("package.json", KEPT);
  const { scripts: _, ...manifest } = JSON.parse(readFileSync("package.json", "utf8"));
  const exports = { ".": { types: "./dist/index.d.ts", default: "./dist/index.js" } };
  writeFileSync("package.json", `${JSON.stringify({ ...manifest, exports }, null, 2)}\n`);
} else {
  renameSync(KEPT, "package.json");
}

// For tests: TypeScript as Node runs it, and by tsx where it does not. What is read is kept compiled for the next file.
import * as module from "node:module";
import { fileURLToPath } from "node:url";

module.enableCompileCache?.();
// What programs keep for the next time is not kept for the user who tests.
process.env.XDG_CACHE_HOME = fileURLToPath(new URL("../../node_modules/.cache/hostwright-tests", import.meta.url));
if (!process.features.typescript) await import("tsx");

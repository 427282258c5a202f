// For tests: TypeScript as Node runs it, and by tsx where it does not. What is read is kept compiled for the next file.
import * as module from "node:module";

module.enableCompileCache?.();
if (!process.features.typescript) await import("tsx");

import { fileURLToPath } from "node:url";
import { bundleOf, isBundle } from "./bundle.mjs";

/** Node's hook for what an `import` names, in both its forms. TypeScript that is the program, or that a bundle imports, is its bundle. */
export function resolve(specifier, context, next) {
  const found = next(specifier, context);
  const { parentURL } = context;
  const isStart = parentURL === undefined || parentURL.endsWith("/zx/build/cli.cjs");
  if (!isStart && !isBundle(parentURL)) return found;
  return found instanceof Promise ? found.then(compiled) : compiled(found);
}

function compiled(found) {
  if (!/^file:.*\.m?ts$/.test(found.url)) return found;
  return { ...found, url: bundleOf(fileURLToPath(found.url)), format: "module" };
}

import type { Host, VarValue } from "./inventory.ts";
import { isMapping } from "./inventory.ts";

/** What messages say was expected in the place of a template. */
export const NO_TEMPLATES = "plain text: Ansible's templates are not evaluated here";

/** `{{ x }}`, `{{x}}`, `{% if x %}` and `{# x #}`, but no braces within braces as a glob may have them. */
const TEMPLATE = /\{\{[^{}]*\}\}|\{\{\s.*?\s\}\}|\{%.*?%\}|\{#.*?#\}/s;

/** Whether a value is a text that Ansible would evaluate. */
export function isTemplate(value: unknown): boolean {
  return typeof value === "string" && TEMPLATE.test(value);
}

/** The paths in a host's vars at which a text would be evaluated by Ansible, in lists and mappings too. */
export function templatesOf({ vars }: Host): readonly (readonly string[])[] {
  return pathsIn(vars, []).filter(([name = ""]) => !name.startsWith("ansible_"));
}

function pathsIn(value: VarValue, path: readonly string[]): readonly (readonly string[])[] {
  if (isTemplate(value)) return [path];
  if (Array.isArray(value)) return value.flatMap((part, index) => pathsIn(part, [...path, String(index)]));
  return isMapping(value) ? Object.entries(value).flatMap(([key, part]) => pathsIn(part, [...path, key])) : [];
}

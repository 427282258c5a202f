import type { WrongInput } from "./wrong-input.ts";

/**
 * What `playbooks/site.mts` has to say of a site that is fine but for one more line of vars: in line 8 for app-1, in line
 * 14 for mon-1.
 */
export function wrongSite(host: "app-1" | "mon-1", line: string, message: string): WrongInput {
  const [app, mon] = [host === "app-1" ? [line] : [], host === "mon-1" ? [line] : []];
  return {
    name: `${line} of ${host}`,
    hosts: `app:\n  hosts:\n${hostOf("app-1", ["environment: prod", ...app])}monitoring:\n  hosts:\n${hostOf("mon-1", ["grafana_admin_password: !env GRAFANA_PASSWORD", ...mon])}`,
    program: "playbooks/site.mts",
    env: { GRAFANA_PASSWORD: "a password for Grafana", NO_URL: "hooks.example.com", TEMPLATE: "x{{ y }}" },
    message,
  };
}

function hostOf(name: string, lines: readonly string[]): string {
  const address = name === "app-1" ? "10.0.0.11" : "10.0.0.10";
  const own = lines.some((line) => line.startsWith("address:")) ? [] : [`address: ${address}`];
  const all = ["host: 127.0.0.1", "port: PORT", ...own, ...lines];
  return `    ${name}:\n${all.map((line) => `      ${line}\n`).join("")}`;
}

// The whole job: a monitoring host, and the app hosts that send to it.
//   npx zx playbooks/site.mts                         the lab on this machine
//   npx zx playbooks/site.mts -i inventory/prod.yml   the real thing
//   npx zx playbooks/site.mts --verify                and proves that data arrives (docs/verify.md)

import { definePlaybook, runPlaybook } from "hostwright";
import { app } from "../roles/app/index.ts";
import { backupsKept } from "../roles/backup/kept.ts";
import { gatewayCa } from "../roles/gateway/certificate.ts";
import { monitoring } from "../roles/monitoring/index.ts";
import { preflight } from "../roles/preflight/index.ts";
import { runMark } from "../roles/runs/index.ts";
import { verification } from "../roles/verify/index.ts";

const site = definePlaybook([
  preflight("new-hosts"),
  // It has to know the passwords that app hosts push with, also where --limit leaves those out.
  { name: "monitoring", hosts: "monitoring", roles: [monitoring], consults: "app" },
  gatewayCa,
  { name: "app", hosts: "app", roles: [app] },
  { ...verification, flag: "verify" },
  { ...backupsKept(), flag: "verify" },
]);

export default site;

await runPlaybook(site, import.meta.url, {
  vars: ["lab"],
  announcement: runMark,
  /** An inventory whose hosts have the var `lab` is that lab's: bring it up first. */
  async prepare({ hosts }) {
    const lab = [...hosts.values()].find(({ vars }) => vars.lab !== undefined)?.vars.lab;
    if (lab === undefined) return;
    const { $ } = await import("zx/core");
    // Stdout is the report's, or that of its events.
    const stdio = ["ignore", process.stderr, "inherit"] as const;
    await $({ stdio: [...stdio], env: { ...process.env, HOSTWRIGHT_LAB: `${lab}` } })`npm run --silent lab -- up`;
  },
});

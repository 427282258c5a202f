import { defineRole, type Play, type Site } from "../../engine/index.ts";
import { appVars } from "../app/vars.ts";
import { groups } from "../endpoints.ts";
import { proof } from "./proof.ts";

/** Nothing is held on an app host to prove that it is monitored: the role only knows the vars. */
const verified = defineRole({
  name: "verify",
  vars: appVars,
  resources: () => [],
  notes: (_vars, _facts, site) => standIns(site),
});

/** Sends a log entry and traces from each app host, and reads them, and its metrics, back through Grafana. */
export const verification: Play = {
  name: "verify",
  hosts: groups.app,
  roles: [verified],
  consults: groups.monitoring,
  proof: proof(),
};

function standIns({ releases }: Site): readonly string[] {
  const names = Object.keys(releases).filter((name) => /stand-in/.test(releases[name]?.source ?? ""));
  return names.length === 0
    ? []
    : [`Not proven, that upstream's own programs do the same; these are stand-ins: ${names.join(", ")}`];
}

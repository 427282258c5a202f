/** All that roles and playbooks may import. */

export { type Program, runPlaybook } from "./cli.ts";
export type { Facts } from "./facts/facts.ts";
export { file, sha256 } from "./resource/file.ts";
export type { Resource, ResourceOptions } from "./resource/resource.ts";
export { definePlaybook, type Play, type Playbook } from "./role/playbook.ts";
export {
  defineRole,
  type HostVars,
  type LockedRelease,
  type Role,
  type Site,
  type WantedRelease,
} from "./role/role.ts";
export {
  boolean,
  integer,
  list,
  oneOf,
  optional,
  port,
  readVars,
  type Schema,
  secret,
  string,
  type Var,
  type VarsOf,
} from "./role/schema.ts";
export { template } from "./role/template.ts";
export { reveal, Secret, type Text } from "./shell/secret.ts";
export { lines, type Script, sh } from "./shell/sh.ts";

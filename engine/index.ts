/** All that roles and playbooks may import. */

export { runExec, runFacts } from "./cli/exec.ts";
export { runInventory } from "./cli/inventory.ts";
export { type Program, runPlaybook } from "./cli/playbook.ts";
export { runSchema, schemaFiles } from "./cli/schema.ts";
export { runSecret } from "./cli/secret.ts";
export { runSurvey, type Sites, type Survey } from "./cli/survey.ts";
export type { Facts } from "./facts/facts.ts";
export { globMatches } from "./format/glob.ts";
export { re2Matches } from "./format/re2.ts";
export type { GroupSource, InventorySource } from "./inventory/module.ts";
export { absent } from "./resource/absent.ts";
export { command } from "./resource/command.ts";
export { compose } from "./resource/compose.ts";
export { directory } from "./resource/directory.ts";
export { envFile } from "./resource/env-file.ts";
export { file, sha256 } from "./resource/file.ts";
export { enterFolderOf, enterMade, folders } from "./resource/folder.ts";
export { group } from "./resource/group.ts";
export { http } from "./resource/http.ts";
export { link } from "./resource/link.ts";
export { pkg } from "./resource/package.ts";
export { architecture, release } from "./resource/release.ts";
export {
  type Change,
  compare,
  defineResource,
  ProbeError,
  type Resource,
  type ResourceOptions,
  type ResourceType,
  touches,
} from "./resource/resource.ts";
export { unit } from "./resource/unit.ts";
export { UnsupportedMachine } from "./resource/unsupported.ts";
export { user } from "./resource/user.ts";
export {
  type Asker,
  definePlaybook,
  type Finding,
  type Gate,
  onHost,
  type Play,
  type Playbook,
  type PlayResult,
  type PlayRunner,
  type Proof,
  runOnce,
  type Said,
  type Serial,
} from "./role/playbook.ts";
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
export { VarError } from "./role/var-error.ts";
export { reveal, Secret, type Text } from "./shell/secret.ts";
export { lines, type Script, sh, trusted } from "./shell/sh.ts";

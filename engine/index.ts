/** All that roles and playbooks may import. */

export { runBootstrap } from "./cli/bootstrap.ts";
export { runExec, runFacts } from "./cli/exec.ts";
export { runHistory } from "./cli/history.ts";
export { runInventory } from "./cli/inventory.ts";
export { runLock } from "./cli/lock.ts";
export { type Program, runPlaybook } from "./cli/playbook.ts";
export { runRetire } from "./cli/retire.ts";
export { runSchema, schemaFiles } from "./cli/schema.ts";
export { runSecret } from "./cli/secret.ts";
export { runTool, type Sites, type Tool } from "./cli/tool.ts";
export { type Disk, diskOf, type Facts } from "./facts/facts.ts";
export { globMatches } from "./format/glob.ts";
export { type Mismatch, MismatchError } from "./format/mismatch.ts";
export { re2Matches } from "./format/re2.ts";
export type { GroupSource, InventorySource } from "./inventory/module.ts";
export { type AbsentDesired, absent } from "./resource/absent.ts";
export { type CommandDesired, command } from "./resource/command.ts";
export { type ComposeDesired, type ComposeService, compose } from "./resource/compose.ts";
export { type DirectoryDesired, directory } from "./resource/directory.ts";
export { type EnvFileDesired, envFile } from "./resource/env-file.ts";
export { type FileDesired, file, sha256 } from "./resource/file.ts";
export { enterFolderOf, enterMade, folders } from "./resource/folder.ts";
export { type GroupDesired, group } from "./resource/group.ts";
export { type HttpDesired, http } from "./resource/http.ts";
export { type Json, type JsonFileDesired, jsonFile } from "./resource/json-file.ts";
export { type LinkDesired, link } from "./resource/link.ts";
export { type PackageDesired, pkg } from "./resource/package.ts";
export { type RebootDesired, reboot, rebootReasons } from "./resource/reboot.ts";
export { architecture, type ReleaseDesired, release } from "./resource/release.ts";
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
export { type UnitDesired, unit } from "./resource/unit.ts";
export { restartUnit } from "./resource/unit-restart.ts";
export { UnsupportedMachine } from "./resource/unsupported.ts";
export { type UpgradeDesired, upgrade } from "./resource/upgrade.ts";
export { type UserDesired, user } from "./resource/user.ts";
export type { Announcement, HostSummary, RunSummary } from "./role/announcement.ts";
export { checkedDocument, type DocumentSchema } from "./role/document.ts";
export { type Confirmed, confirmed, type Handler, rolling } from "./role/handler.ts";
export {
  type Asker,
  definePlaybook,
  type Finding,
  type Gate,
  type Inquiry,
  onHost,
  type Play,
  type Playbook,
  type PlayResult,
  type PlayRunner,
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
export { type Template, templatesIn } from "./role/template.ts";
export { VarError } from "./role/var-error.ts";
export { reveal, Secret, type Text } from "./shell/secret.ts";
export { beside, lines, type Script, sh, trusted } from "./shell/sh.ts";

/* IMPORTANT
 * This snapshot file is auto-generated, but designed for humans.
 * It should be checked into source control and tracked carefully.
 * Re-generate by setting TAP_SNAPSHOT=1 and running tests.
 * Make sure to inspect the output below.  Do not ignore changes!
 */
'use strict'
exports[`test/surface.test.ts > TAP > what the package hostwright exports changes on purpose only > must match snapshot 1`] = `
MismatchError
ProbeError
Secret
UnsupportedMachine
VarError
absent
architecture
beside
boolean
checkedDocument
command
compare
compose
confirmed
definePlaybook
defineResource
defineRole
directory
diskOf
enterFolderOf
enterMade
envFile
file
folders
globMatches
group
http
integer
jsonFile
lines
link
list
onHost
oneOf
optional
pkg
port
re2Matches
readVars
reboot
rebootReasons
release
restartUnit
reveal
rolling
runBootstrap
runExec
runFacts
runHistory
runInventory
runLock
runOnce
runPlaybook
runRetire
runSchema
runSecret
runTool
schemaFiles
secret
sh
sha256
string
templatesIn
touches
trusted
type AbsentDesired
type Announcement
type Asker
type Change
type CommandDesired
type ComposeDesired
type ComposeService
type Confirmed
type DirectoryDesired
type Disk
type DocumentSchema
type EnvFileDesired
type Facts
type FileDesired
type Finding
type Gate
type GroupDesired
type GroupSource
type Handler
type HostSummary
type HostVars
type HttpDesired
type Inquiry
type InventorySource
type Json
type JsonFileDesired
type LinkDesired
type LockedRelease
type Mismatch
type PackageDesired
type Play
type PlayResult
type PlayRunner
type Playbook
type Program
type RebootDesired
type ReleaseDesired
type Resource
type ResourceOptions
type ResourceType
type Role
type RunSummary
type Said
type Schema
type Script
type Serial
type Site
type Sites
type Template
type Text
type Tool
type UnitDesired
type UpgradeDesired
type UserDesired
type Var
type VarsOf
type WantedRelease
unit
upgrade
user

`

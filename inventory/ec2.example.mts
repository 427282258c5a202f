// An inventory that asks AWS: running EC2 instances with the tag Role, whose value is the group (monitoring or app), and on
// app hosts the tag Environment. Copy it, change what differs in your account, and use it like a file:
//   npx zx playbooks/inventory.mts -i inventory/ec2.example.mts --graph
//   npx zx playbooks/site.mts -i inventory/ec2.example.mts -l prod --check --diff
// It needs the `aws` command line, logged in, with ec2:DescribeInstances. group_vars/ and host_vars/ beside it count too.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { GroupSource, InventorySource } from "hostwright";

/** What we read of `aws ec2 describe-instances`. */
interface Answer {
  readonly Reservations: readonly { readonly Instances: readonly Instance[] }[];
}

interface Instance {
  readonly InstanceId: string;
  readonly PrivateIpAddress?: string;
  readonly PublicIpAddress?: string;
  readonly Tags?: readonly { readonly Key: string; readonly Value: string }[];
}

const FILTERS = ["Name=instance-state-name,Values=running", "Name=tag:Role,Values=monitoring,app"];

/** Asks AWS and returns the groups. */
export default async function inventory(): Promise<InventorySource> {
  const args = ["ec2", "describe-instances", "--filters", ...FILTERS, "--output", "json"];
  try {
    const { stdout } = await promisify(execFile)("aws", args, { maxBuffer: 64 * 1024 * 1024 });
    return groupsOf(JSON.parse(stdout));
  } catch (cause) {
    const { stderr = "", message = "" } = cause as { stderr?: string; message?: string };
    throw new Error(stderr.trim().split("\n").at(-1) || message, { cause });
  }
}

/** Returns a group for each Role and each Environment, hosts sorted by name: AWS answers in any order. */
export function groupsOf({ Reservations }: Answer): InventorySource {
  const instances = Reservations.flatMap((reservation) => reservation.Instances);
  const hosts = instances
    .map((instance) => ({ instance, name: nameOf(instance, instances) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const groups: Record<string, { hosts: NonNullable<GroupSource["hosts"]> }> = {};
  for (const { instance, name } of hosts) {
    const [role, environment] = [tag(instance, "Role") ?? "ungrouped", tag(instance, "Environment")];
    if (role === "app" && environment === undefined) throw new Error(`${name} has no tag Environment`);
    const vars = { ...addressesOf(instance, name), ...(role === "app" && { environment: environment ?? null }) };
    for (const [group, own] of [
      [role, vars],
      // The monitoring host serves every environment.
      [role === "app" ? environment : undefined, {}],
    ] as const) {
      if (group !== undefined) groups[group] = { hosts: { ...groups[group]?.hosts, [name]: own } };
    }
  }
  return { all: { vars: { user: "ubuntu" } }, ...groups };
}

/** The tag Name where it is an instance's own, else the id: an auto scaling group gives all of its instances one name. */
function nameOf(instance: Instance, all: readonly Instance[]): string {
  const name = tag(instance, "Name");
  const alone = all.filter((other) => tag(other, "Name") === name).length === 1;
  return name !== undefined && alone ? name : instance.InstanceId;
}

/** SSH goes to the public address where there is one; hosts reach each other by the private one. */
function addressesOf({ PublicIpAddress: host, PrivateIpAddress: address }: Instance, name: string) {
  if (address === undefined) throw new Error(`${name} has no private address`);
  return { host: host ?? address, address };
}

function tag({ Tags = [] }: Instance, key: string): string | undefined {
  return Tags.find(({ Key }) => Key === key)?.Value || undefined;
}

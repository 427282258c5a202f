import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import t, { type Test } from "tap";
import { listInventory } from "../../engine/inventory/list.ts";
import { loadInventory } from "../../engine/inventory/load.ts";
import { groupsOf } from "../../inventory/ec2.example.mts";

/** An instance as `aws ec2 describe-instances --output json` has it (AWS CLI 2), less what is long and says nothing here. */
const instance = (id: string, tags: Readonly<Record<string, string>>, addresses: object) => ({
  AmiLaunchIndex: 0,
  ImageId: "ami-0abcdef1234567890",
  InstanceId: id,
  InstanceType: "t4g.small",
  KeyName: "my-key-pair",
  LaunchTime: "2026-03-01T09:12:45+00:00",
  Monitoring: { State: "disabled" },
  Placement: { AvailabilityZone: "ap-northeast-2a", GroupName: "", Tenancy: "default" },
  PrivateDnsName: "ip-10-0-1-20.ap-northeast-2.compute.internal",
  ProductCodes: [],
  PublicDnsName: "",
  State: { Code: 16, Name: "running" },
  StateTransitionReason: "",
  SubnetId: "subnet-069beee9b12030077",
  VpcId: "vpc-0e4c7a8f1b2d3c4d5",
  Architecture: "arm64",
  BlockDeviceMappings: [{ DeviceName: "/dev/sda1", Ebs: { Status: "attached", VolumeId: "vol-0a1b2c3d4e5f60718" } }],
  EbsOptimized: true,
  SecurityGroups: [{ GroupName: "app", GroupId: "sg-0598c7d356eba48d7" }],
  Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
  VirtualizationType: "hvm",
  ...addresses,
});

const reservation = (...Instances: readonly ReturnType<typeof instance>[]) => ({
  Groups: [],
  Instances,
  OwnerId: "123456789012",
  ReservationId: "r-02a3f596d91211712",
});

const answer = {
  Reservations: [
    reservation(
      instance(
        "i-057750d42936e468a",
        { Name: "prod-1", Role: "app", Environment: "prod" },
        { PrivateIpAddress: "10.0.1.21", PublicIpAddress: "203.0.113.31" },
      ),
    ),
    reservation(
      instance(
        "i-001efd250faaa6ffa",
        { Name: "dev", Role: "app", Environment: "dev" },
        { PrivateIpAddress: "10.0.2.22" },
      ),
      instance(
        "i-027552a73f021f3bd",
        { Name: "dev", Role: "app", Environment: "dev" },
        { PrivateIpAddress: "10.0.2.23" },
      ),
    ),
    reservation(
      instance(
        "i-1234567890abcdef0",
        { Role: "monitoring", Name: "monitoring" },
        { PrivateIpAddress: "10.0.1.10", PublicIpAddress: "203.0.113.10" },
      ),
    ),
  ],
};

const expected = {
  all: { vars: { user: "ubuntu" } },
  app: {
    hosts: {
      "i-001efd250faaa6ffa": { host: "10.0.2.22", address: "10.0.2.22", environment: "dev" },
      "i-027552a73f021f3bd": { host: "10.0.2.23", address: "10.0.2.23", environment: "dev" },
      "prod-1": { host: "203.0.113.31", address: "10.0.1.21", environment: "prod" },
    },
  },
  dev: { hosts: { "i-001efd250faaa6ffa": {}, "i-027552a73f021f3bd": {} } },
  monitoring: { hosts: { monitoring: { host: "203.0.113.10", address: "10.0.1.10" } } },
  prod: { hosts: { "prod-1": {} } },
};

t.test("instances become hosts of the groups that their tags Role and Environment name", async (t) => {
  t.same(groupsOf(answer), expected);
  t.same(groupsOf({ Reservations: answer.Reservations.toReversed() }), expected, "in whatever order AWS answers");
  t.same(groupsOf({ Reservations: [] }), { all: { vars: { user: "ubuntu" } } });
});

t.test("an app instance without Environment, or without an address, is named", async (t) => {
  const only = (one: ReturnType<typeof instance>) => ({ Reservations: [reservation(one)] });
  t.throws(() => groupsOf(only(instance("i-1", { Role: "app", Name: "x" }, { PrivateIpAddress: "10.0.0.1" }))), {
    message: "x has no tag Environment",
  });
  t.throws(() => groupsOf(only(instance("i-1", { Role: "monitoring", Name: "" }, {}))), {
    message: "i-1 has no private address",
  });
});

/** Puts a command `aws` first in the path, for this test. */
function withAws(t: Test, script: string): string {
  const dir = t.testdir({ aws: "", "answer.json": JSON.stringify(answer) });
  writeFileSync(`${dir}/aws`, `#!/bin/sh\ncd '${dir}'\n${script}\n`);
  chmodSync(`${dir}/aws`, 0o755);
  const { PATH } = process.env;
  process.env.PATH = `${dir}:${PATH}`;
  t.teardown(() => {
    process.env.PATH = PATH;
  });
  return dir;
}

t.test("the example is an inventory, which asks aws for running instances with a role", async (t) => {
  const dir = withAws(t, 'printf "%s\\n" "$@" >args; cat answer.json');
  const inventory = await loadInventory(["inventory/ec2.example.mts"], { env: {} });
  t.same(
    Object.keys(listInventory(inventory)._meta.hostvars).sort(),
    Object.keys({ ...expected.app.hosts, ...expected.monitoring.hosts }).sort(),
  );
  t.match(inventory.hosts.get("prod-1"), { groups: ["app", "prod"], vars: { user: "ubuntu", environment: "prod" } });
  t.same(readFileSync(`${dir}/args`, "utf8").trim().split("\n"), [
    ...["ec2", "describe-instances", "--filters"],
    ...["Name=instance-state-name,Values=running", "Name=tag:Role,Values=monitoring,app", "--output", "json"],
  ]);
});

t.test("what aws says when it fails is the message", async (t) => {
  withAws(t, 'echo >&2; echo "Unable to locate credentials." >&2; exit 253');
  await t.rejects(loadInventory(["inventory/ec2.example.mts"], { env: {} }), {
    message: "inventory/ec2.example.mts: found a module that fails (Unable to locate credentials.), expected groups",
  });
});

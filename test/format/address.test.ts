import t from "tap";
import { addressProblem, sshAddressProblem } from "../../engine/format/address.ts";

const good = [
  "192.0.2.10",
  "2001:db8::1",
  "::1",
  "app-1",
  "app_1.internal",
  "app-1.example.com",
  "10.0.0.1.nip.io",
  "10-0-0-1.ec2.internal",
  "_srv.example.com",
  "localhost",
  "3com",
];

const bad = [
  ["", "this is no name of a host"],
  ["10.0.0.10/24", "this has a prefix length"],
  ["https://10.0.0.10", "this is a URL"],
  ["10.0.0.10/x", "this has a path"],
  ["10.0.0.10:22", "this has a port"],
  ["[::1]:22", "this has brackets"],
  ["10.0.0.1-9", "this is a range or a pattern"],
  ["web[01:20]", "this is a range or a pattern"],
  ["ubuntu@web", "this has a user"],
  ["web 1", "this has a space"],
  [" web", "this has a space"],
  ["web\n", "this has a space"],
  ["web,", "this has a comma"],
  ["web.", "this ends in a dot"],
  ["256.1.1.1", "this is no IPv4 address"],
  ["1.2.3.4.5", "this is no IPv4 address"],
  ["-web", "this is no name of a host"],
  ["web-", "this is no name of a host"],
  ["a..b", "this is no name of a host"],
  ["fe80::1%eth0", "this is no name of a host"],
  ["서버", "this is no name of a host"],
  [`${"a".repeat(250)}.com`, "this is no name of a host"],
] as const;

t.test("addresses and names are fine for everybody", async (t) => {
  for (const text of good) t.equal(addressProblem(text) ?? sshAddressProblem(text), undefined, text);
});

t.test("what is none is refused with the slip", async (t) => {
  for (const [text, problem] of bad) t.equal(addressProblem(text), problem, text);
});

t.test("ssh takes zones, and names of its configuration in any script", async (t) => {
  for (const text of ["fe80::1%eth0", "서버-1", "münchen"]) t.equal(sshAddressProblem(text), undefined, text);
  for (const text of ["10.0.0.10/24", "-oProxyCommand=x", "a b"]) t.not(sshAddressProblem(text), undefined, text);
});

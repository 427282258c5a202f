import t from "tap";
import { checkOwnAddress, publishAddressOf, publishedOn, reachableAt } from "../../roles/publish.ts";

const host = (vars: Readonly<Record<string, unknown>>, name = "mon-1") => ({ name, groups: ["monitoring"], vars });

for (const { vars, address } of [
  { vars: { host: "198.51.100.10", address: "10.0.0.10" }, address: "10.0.0.10" },
  { vars: { host: "8.8.8.8", address: "172.31.255.1" }, address: "172.31.255.1" },
  { vars: { ansible_host: "192.168.1.4" }, address: "192.168.1.4" },
  { vars: { host: "100.64.0.1" }, address: "100.64.0.1" },
  // How the others reach it is a name: the address is the one that SSH connects to.
  { vars: { host: "10.1.2.3", address: "mon.internal" }, address: "10.1.2.3" },
]) {
  t.test(`${JSON.stringify(vars)}: published on ${address}`, async (t) => {
    t.equal(publishAddressOf(host(vars)), address);
  });
}

t.test("an inventory's host may be named by its address", async (t) => {
  t.equal(publishAddressOf(host({}, "10.9.8.7")), "10.9.8.7");
});

for (const vars of [
  { host: "8.8.8.8" },
  { host: "mon.example.com" },
  { address: "172.32.0.1" },
  { address: "fd00::1" },
  {},
]) {
  t.test(`${JSON.stringify(vars)}: nothing is published before somebody says where`, async (t) => {
    t.throws(
      () => publishAddressOf(host(vars)),
      /host mon-1: var publish_address: found neither it nor a private address .* 127\.0\.0\.1 .* 0\.0\.0\.0 \(everyone/,
    );
  });
}

t.test("what is asked for by name is so, and a gateway is for everyone", async (t) => {
  t.equal(publishAddressOf(host({ publish_address: "0.0.0.0", address: "10.0.0.1" })), "0.0.0.0");
  t.equal(publishAddressOf(host({ gateway: true, address: "10.0.0.1" })), "0.0.0.0");
  t.equal(publishAddressOf(host({ publish_address: "10.0.0.1", gateway: true })), "10.0.0.1");
});

t.test("an address that the host does not have is refused, where the host said which it has", async (t) => {
  const own = ["172.30.77.10", "fd00::1"];
  t.throws(
    () => checkOwnAddress("10.0.0.10", host({}), own),
    /var publish_address: found 10\.0\.0\.10, expected one of the host's own addresses, 172\.30\.77\.10, fd00::1, /,
  );
  for (const address of ["172.30.77.10", "0.0.0.0", "127.0.0.1"]) checkOwnAddress(address, host({}), own);
  checkOwnAddress("10.0.0.10", host({}), []);
});

t.test(
  "behind a gateway services are for the host itself; what is on all addresses it reaches by its own",
  async (t) => {
    t.equal(publishedOn(host({ gateway: true, address: "10.0.0.1" })), "127.0.0.1");
    t.equal(publishedOn(host({ address: "10.0.0.1" })), "10.0.0.1");
    t.equal(reachableAt("0.0.0.0"), "127.0.0.1");
    t.equal(reachableAt("10.0.0.1"), "10.0.0.1");
  },
);

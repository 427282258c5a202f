import { BlockList, isIPv4 } from "node:net";
import { type HostVars, optional, string, VarError } from "hostwright";
import { gatewayVars } from "./gateway/vars.ts";
import { addressOf, varsOfHost } from "./hosts.ts";

/** What decides where the monitoring host's services are published. */
export const publishVars = {
  publish_address: optional(
    string(
      "The host's own address on which Grafana, Loki and OTLP are published; 0.0.0.0 is all. Unset: its private address, as the inventory names it; with a gateway, all",
      { format: "ipv4" },
    ),
  ),
  gateway: gatewayVars.gateway,
};

/** IPv4 addresses that the internet does not route, by IANA's special-purpose registry (RFC 6890, RFC 6598, RFC 5737). */
const PRIVATE = new BlockList();
for (const [net, prefix] of [
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.2.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
] as const)
  PRIVATE.addSubnet(net, prefix);

const EVERYWHERE = "0.0.0.0";

/** Ports that only the host itself reaches. */
export const LOOPBACK = "127.0.0.1";

/** Returns whether a gateway stands before this monitoring host's services. */
export function hasGateway(host: HostVars): boolean {
  return varsOfHost(publishVars, host).gateway;
}

/** Returns where services are published that a gateway would stand before; behind one, only the role's own conditions need them. */
export function publishedOn(host: HostVars): string {
  return hasGateway(host) ? LOOPBACK : publishAddressOf(host);
}

/**
 * Returns the address that others reach the stack on: the one that is asked for, else the private one by which the inventory
 * says that the others reach this host. All addresses have to be asked for by name, since Loki and OTLP let in whoever gets
 * there; a gateway lets in nobody without a login, and is for everyone. Throws where nothing says it.
 */
export function publishAddressOf(host: HostVars): string {
  const { name, vars } = host;
  const { publish_address, gateway } = varsOfHost(publishVars, host);
  const named = [vars.address, vars.host, vars.ansible_host, name].filter((one) => typeof one === "string");
  const address = publish_address ?? (gateway ? EVERYWHERE : named.find((one) => isIPv4(one) && PRIVATE.check(one)));
  if (address !== undefined) return address;
  // Where the other hosts cannot reach it either, that is said first.
  addressOf(host);
  throw new VarError(
    ["publish_address", "address", "host", "ansible_host"],
    {
      found: "neither it nor a private address of the host",
      expected:
        "where Grafana, Loki and OTLP are to listen: " +
        "127.0.0.1 (the host itself only), an address of the host (whoever reaches that network), " +
        "or 0.0.0.0 (everyone: Loki and OTLP ask for no login)",
    },
    name,
  );
}

/** Throws where the host said which addresses it has, and this is none of them: Docker would find out after it stopped what ran. */
export function checkOwnAddress(address: string, { name }: HostVars, own: readonly string[]): void {
  if (own.length === 0 || address === EVERYWHERE || address.startsWith("127.") || own.includes(address)) return;
  throw new VarError(
    ["publish_address", "address", "host", "ansible_host"],
    {
      found: address,
      expected: `one of the host's own addresses, ${own.join(", ")}, or 0.0.0.0 for all: Grafana, Loki and OTLP listen there`,
    },
    name,
  );
}

/** Where the host itself reaches what is published on an address. */
export function reachableAt(address: string): string {
  return address === EVERYWHERE ? LOOPBACK : address;
}

import type { HostVars, Sites } from "hostwright";
import { hostServices } from "../app/services.ts";
import { groups } from "../hosts.ts";
import { listeningOf } from "../monitoring/stack.ts";
import type { Listening } from "../service.ts";

/** A port that something of ours, or the application that we scrape, listens on. */
export interface Exposure extends Pick<Listening, "address" | "port" | "what" | "tls" | "login"> {
  readonly host: string;
  readonly reach: "host" | "address" | "everyone";
  /** What decides that it is so: a var, and whether the inventory or the role's default says it. */
  readonly because: string;
  /** Anyone who gets there is let in. */
  readonly isOpen: boolean;
}

/** Every published port of the hosts, from their vars alone. Throws on vars that do not fit. */
export function exposures(sites: Sites): readonly Exposure[] {
  const ofApp = (host: HostVars) =>
    hostServices.filter(({ isOn }) => isOn(host)).flatMap(({ listens }) => listens(host));
  return [
    ...sites.hosts(groups.monitoring).flatMap((host) => listeningOf(host).map((one) => exposure(host, one))),
    ...sites.hosts(groups.app).flatMap((host) => ofApp(host).map((one) => exposure(host, one))),
  ];
}

function exposure(host: HostVars, listening: Listening): Exposure {
  const { address, port, what, tls, login, setBy } = listening;
  const reach = reachOf(address);
  const because = setBy === undefined ? "gateway: true" : saidBy(host, setBy, port);
  return {
    host: host.name,
    address,
    port,
    what,
    tls,
    login,
    because,
    reach,
    isOpen: reach !== "host" && login === undefined,
  };
}

function reachOf(address: string): Exposure["reach"] {
  if (/^(127\.|::1$)/.test(address)) return "host";
  return address === "0.0.0.0" || address === "::" ? "everyone" : "address";
}

function saidBy({ vars }: HostVars, name: string, value: number): string {
  return `${name}: ${value}${vars[name] === undefined ? " (the role's default)" : ""}`;
}

/** Who gets to a port, in words. */
export function reachedBy({ reach, address }: Pick<Exposure, "reach" | "address">): string {
  if (reach === "host") return "the host itself";
  return reach === "everyone" ? "whoever the network lets" : `whoever reaches ${address}`;
}

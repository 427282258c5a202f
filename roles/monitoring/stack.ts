import {
  compose,
  diskOf,
  type Facts,
  type HostVars,
  type Resource,
  reveal,
  Secret,
  type Site,
  type Text,
} from "hostwright";
import { type Container, type ContainerPlan, escapeDollars, type Stack } from "../container.ts";
import { varsOfHost } from "../hosts.ts";
import { imageAt } from "../images.ts";
import { DOCKER_DATA, root } from "../paths.ts";
import { checkPorts } from "../ports.ts";
import type { Listening } from "../service.ts";
import { services } from "../services.ts";
import { template } from "../templates.ts";
import { dataOf, memoryOf } from "./budget.ts";
import { logLimits } from "./docker.ts";
import { containers } from "./services.ts";
import { diskVars } from "./vars.ts";

/** A container, and what it is given. */
export interface Member {
  readonly container: Container;
  readonly stack: Stack;
}

/** What a container comes to, by its name and image. */
export interface Planned extends ContainerPlan {
  readonly name: string;
  readonly image: string;
  readonly volume: string | undefined;
}

/** Returns what a container comes to. */
export function planned({ container, stack }: Member): Planned {
  return { name: container.name, image: stack.image, volume: container.stored?.volume, ...container.plan(stack) };
}

/** Long enough for the slowest start on a busy small host; images are pulled before the clock starts. */
const WAIT_SECONDS = 240;

/** Returns the containers that a monitoring host has. */
export function containersOf(host: HostVars): readonly Container[] {
  return containers.filter(({ isOn }) => isOn(host));
}

/** Every port that containers are published on, as the vars of the inventory have it. */
export function listeningOf(host: HostVars): readonly Listening[] {
  return containersOf(host).flatMap(({ listens }) => listens(host));
}

/** Throws on two that cannot be held at once: Docker would find out after it stopped what ran before. */
export function checkPublications(host: HostVars): void {
  const all = listeningOf(host);
  checkPorts(all, all, "a port can be published once");
}

/** Returns the containers of this site's monitoring host, with what each may take. Throws where the host is too small. */
export function membersOf(site: Site, facts: Facts): readonly Member[] {
  const { host } = site;
  const own = containersOf(host);
  const memory = memoryOf(
    Math.floor(facts.memoryBytes / 1024 ** 2),
    own.map(({ name, share, wishedMb }) => ({ name, ...share, wishedMb: wishedMb(host) })),
  );
  const diskGb = Math.floor(diskOf(facts, DOCKER_DATA).bytes / 1024 ** 3);
  const wishes = own.flatMap(({ name, data }) =>
    data ? [{ name, what: data.what, plan: (dataMb: number) => data.plan(host, dataMb) }] : [],
  );
  const data = dataOf(diskGb, varsOfHost(diskVars, host).data_disk_gb, wishes);
  const metrics = own.flatMap(({ name, metrics }) => (metrics ? [{ name, target: metrics }] : []));
  return own.map((container) => ({
    container,
    stack: {
      site,
      image: imageAt(container.image(host), site),
      memoryMb: memory.get(container.name) ?? 0,
      keeps: data.get(container.name) ?? 0,
      metrics,
      alerts: services.flatMap(({ alerts }) => alerts),
      dashboards: services.flatMap(({ dashboards }) => dashboards),
    },
  }));
}

/** The containers as one Compose project. */
export function stackResource(members: readonly Planned[], host: HostVars): Resource {
  const parts = members.map(({ name, image, compose }) => ({ name, image, ...compose }));
  const volumes = members.flatMap(({ volume }) => (volume === undefined ? [] : [`  ${volume}:\n`]));
  const secrets = parts
    .flatMap((part) => part.secrets ?? [])
    .map((name) => `  ${name}:\n    file: ./secrets/${name}\n`);
  const head = template("monitoring/compose.hbs", escapeDollars(logLimits(host)));
  const texts = parts.flatMap(({ text }) => [text, "\n"]);
  const content = joined([head, ...texts, `volumes:\n${volumes.join("")}\nsecrets:\n${secrets.join("")}`]);
  const services = parts.map(({ name, image, config }) => [name, config ? { image, config } : { image }] as const);
  return compose(
    { project: "monitoring", dir: root, content, services: Object.fromEntries(services), waitSeconds: WAIT_SECONDS },
    { tags: ["compose"] },
  );
}

/** One text; a secret where any of them is. */
function joined(texts: readonly Text[]): Text {
  const join = () => texts.map(reveal).join("");
  return texts.some((text) => text instanceof Secret) ? new Secret(join, "the Compose file") : join();
}

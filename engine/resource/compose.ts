import { beside } from "../shell/sh.ts";
import { applyProject, pullEarly, serveAgain } from "./compose-apply.ts";
import { type ComposeCurrent, type Container, parseProjects, probeProjects } from "./compose-probe.ts";
import { type ComposeDesired, checkProject, composeFile } from "./compose-project.ts";
import { newerThan } from "./ctime.ts";
import { fileType } from "./file.ts";
import { type Change, defineResource, isNew, ProbeError, touches } from "./resource.ts";

export type { ComposeDesired, ComposeService } from "./compose-project.ts";

/**
 * A project of containers: its compose.yaml, and one running, healthy container a service that was made from this
 * compose.yaml and the pinned image and has read its configuration files as they are now. Compose v2 only.
 */
export const compose = defineResource<ComposeDesired, ComposeCurrent>({
  name: "compose",
  id: checkProject,
  probe: (all) => beside(probeProjects(all)),
  parse: parseProjects,
  diff(desired, current) {
    const file = fileType.diff(composeFile(desired), current.file);
    if (current.engine !== "running") return [...diffEngine(desired, current), ...file];
    return [
      ...file,
      ...diffImages(desired, current),
      ...diffOrphans(desired, current),
      ...diffServices(desired, current),
    ];
  },
  refuses: (desired, { file }) => fileType.refuses?.(composeFile(desired), file),
  makes(desired, { file, imageIds, containers }) {
    const images = [...new Set(Object.values(desired.services).map(({ image }) => image))];
    return [
      ...(fileType.makes?.(composeFile(desired), file) ?? []),
      ...images.filter((image) => !imageIds.has(image)).map((image) => ({ what: "image", name: image }) as const),
      ...(containers.length === 0 ? [{ what: "project", name: desired.project } as const] : []),
    ];
  },
  early: pullEarly,
  apply: applyProject,
  keeps: (desired) => [composeFile(desired).path],
  serves: { before: (_, changes) => !touches(changes, "engine") && !isNew(changes), again: serveAgain },
  follows: {
    ids: ({ services }) => Object.values(services).flatMap(({ config = [] }) => config),
    changes: ({ services }, changing) =>
      Object.entries(services)
        .filter(([, { config = [] }]) => config.some((path) => changing.has(path)))
        .map(([name]) => ({ field: `service ${name}`, before: "older configuration", after: "restarted" })),
  },
});

/** Without an engine nothing is known of containers: all are planned, as they will be once it is there. */
function diffEngine({ services }: ComposeDesired, { engine }: ComposeCurrent): readonly Change[] {
  const before = engine === "absent" ? undefined : "unknown";
  return [
    { field: "engine", before: engine === "absent" ? undefined : engine, after: "running" },
    ...Object.keys(services).map((name) => ({ field: `service ${name}`, before, after: "healthy" })),
  ];
}

/** What an upgrade is from and to, as compose.yaml on the host has it. */
function diffImages({ services }: ComposeDesired, { file: { text } }: ComposeCurrent): readonly Change[] {
  const before = text === undefined ? {} : imagesIn(text);
  return Object.entries(services).flatMap(([name, { image }]) => {
    const old = before[name];
    return old === undefined || old === image
      ? []
      : [{ field: `image ${name}`, before: old, after: image, isVersion: true }];
  });
}

/** The images of a compose.yaml as roles write it, by service; whatever else somebody wrote there has none. */
function imagesIn(text: string): Readonly<Record<string, string>> {
  const [, services = ""] = /^services:\n((?: .*\n|\n)*)/m.exec(text) ?? [];
  const blocks = services.split(/^ {2}(?=[\w.-]+:\s*$)/m);
  return Object.fromEntries(
    blocks.flatMap((block) => {
      const [, name, image] = /^([\w.-]+):\s*\n(?: {3,}.*\n|\n)*? {4}image: *["']?([^"'\s]+)/.exec(block) ?? [];
      return name === undefined || image === undefined ? [] : [[name, image]];
    }),
  );
}

/** Containers of services that are no longer described. */
function diffOrphans(desired: ComposeDesired, { containers, hashes }: ComposeCurrent): readonly Change[] {
  const known = new Set([...Object.keys(desired.services), ...described(hashes)]);
  const orphans = [...new Set(containers.map(({ service }) => service).filter((service) => !known.has(service)))];
  return orphans.length === 0 ? [] : [{ field: "orphans", before: orphans.sort().join(", "), after: "removed" }];
}

function diffServices(desired: ComposeDesired, current: ComposeCurrent): readonly Change[] {
  const names = described(current.hashes);
  const stray = Object.keys(desired.services).filter((name) => names.length > 0 && !names.includes(name));
  if (stray.length > 0)
    throw new ProbeError(`compose ${desired.project}: its compose.yaml has no service ${stray.join(", ")}`);
  return [...new Set([...Object.keys(desired.services), ...names])].flatMap((name) => {
    const state = stateOf(name, desired, current);
    return state ? [{ field: `service ${name}`, before: state[0], after: state[1] }] : [];
  });
}

/** What keeps a service from being in sync, and what it will be; nothing if it is. */
function stateOf(
  name: string,
  { services }: ComposeDesired,
  { containers, hashes, imageIds, ctimes }: ComposeCurrent,
): readonly [string | undefined, string] | undefined {
  const [container, ...more] = containers.filter(({ service }) => service === name);
  const { image, config = [] } = services[name] ?? {};
  if ("refused" in hashes) return [`compose refuses it: ${hashes.refused}`, "healthy"];
  if (!container) return [undefined, "healthy"];
  if (more.length > 0) return [`${more.length + 1} containers`, "one container"];
  if (["exited", "created", "dead"].includes(container.status)) return [container.status, "healthy"];
  if (container.hash !== hashes.get(name)) return ["other configuration", "recreated"];
  if (image !== undefined && container.imageId !== imageIds.get(image)) return ["other image", "recreated"];
  if (container.status !== "running") return [container.status, "healthy"];
  if (!isHealthy(container)) return [container.health, "healthy"];
  return newerThan(container.start, config, ctimes) ? ["older configuration", "restarted"] : undefined;
}

/** The services of the wanted compose.yaml, as compose reads it. */
function described(hashes: ComposeCurrent["hashes"]): readonly string[] {
  return "refused" in hashes ? [] : [...hashes.keys()];
}

function isHealthy({ health }: Container): boolean {
  return health === "healthy" || health === "none";
}

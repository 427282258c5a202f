import { spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { type ComposeDesired, compose } from "../../engine/resource/compose.ts";
import { touches } from "../../engine/resource/resource.ts";
import { groupByKind, planSteps, probeScripts } from "../../engine/run/plan.ts";
import { Secret } from "../../engine/shell/secret.ts";
import { trusted } from "../../engine/shell/sh.ts";
import { runSections, shells } from "../support/shells.ts";

const content = "services:\n  web:\n    image: tiny:1\n  plain:\n    image: tiny:1\n";
const tiny = "sha256:90ae641632c3cb042877bfe5630ee041717447c8a8f4a045ab07d51f67c2ca9e";

function project(more: Partial<ComposeDesired> = {}) {
  const services = { web: { image: "tiny:1", config: ["/opt/try/conf/a.conf"] }, plain: { image: "tiny:1" } };
  return compose({ project: "try", dir: "/opt/try", content, services, ...more });
}

/** What the probe printed on Debian 13 (Docker 26.1.5, compose 2.26.1) after an apply; the file's hash is `content`'s. */
const inSync = `present
8180 600 root root 0 0
3c7a8c48d4d3c5a9ba0d2a3f0ab0c0a9e7a5b8f3a3d0f0d1c2b3a4958677685a  /opt/try/compose.yaml
ctimes
exists
1795340912
1795340902
docker
container try plain dd7baa3c0c1b72ea5101210104435563628205c99764df7a2c7374e7d042af8a ${tiny} running none 2026-11-22T09:48:25.448501962Z
container try web 54272de3b1bda13d9f877507bfeb5735c0a29bb551d5c1d5c34eb1fe65baba09 ${tiny} running healthy 2026-11-22T09:48:25.589956903Z
hash 0 plain dd7baa3c0c1b72ea5101210104435563628205c99764df7a2c7374e7d042af8a
hash 0 web 54272de3b1bda13d9f877507bfeb5735c0a29bb551d5c1d5c34eb1fe65baba09
image ${tiny}
engine running
`.replace(
  /^[0-9a-f]{64} {2}/m,
  `${spawnSync("sha256sum", { input: content, encoding: "utf8" }).stdout.slice(0, 64)}  `,
);

/** The same with another compose.yaml on the host. */
const older = (text: string) =>
  inSync.replace(/^[0-9a-f]{12}(.*)$/m, `000000000000$1\ntext 0 ${Buffer.from(text).toString("base64")}`);

const web = /container try web .*\n/;
const warning = `hash 0 time="2026-11-22T09:48:32Z" level=warning msg="the attribute \`version\` is obsolete"\n`;
const refusal = Buffer.from("validating -: (root) Additional property nonsense is not allowed\n").toString("base64");

const cases: { name: string; probed: string; changes: readonly unknown[][]; desired?: Partial<ComposeDesired> }[] = [
  { name: "a project that runs what is described is in sync", probed: inSync, changes: [] },
  {
    name: "compose's warnings are no hashes",
    probed: inSync.replace("hash 0 plain", `${warning}hash 0 plain`),
    changes: [],
  },
  {
    name: "a container that is gone is absent",
    probed: inSync.replace(web, ""),
    changes: [["service web", undefined, "healthy"]],
  },
  {
    name: "a container that ended is said so, whatever it was made of",
    probed: inSync.replace("running healthy", "exited unhealthy").replace("web 54272", "web 00000"),
    changes: [["service web", "exited", "healthy"]],
  },
  {
    name: "a container that Docker could not start was never started",
    probed: inSync.replace("running healthy 2026-11-22T09:48:25.589956903Z", "created none 0001-01-01T00:00:00Z"),
    changes: [["service web", "created", "healthy"]],
  },
  {
    name: "a container of another configuration is recreated, healthy or not",
    probed: inSync.replace("container try web 54272", "container try web 00000").replace(" healthy", " unhealthy"),
    changes: [["service web", "other configuration", "recreated"]],
  },
  {
    name: "a container of another image is recreated",
    probed: inSync.replace(`${tiny} running healthy`, "sha256:e0411ed38725 running healthy"),
    changes: [["service web", "other image", "recreated"]],
  },
  {
    name: "an image that is not there differs from every container's",
    probed: inSync.replace(`image ${tiny}`, "image absent"),
    changes: [
      ["service web", "other image", "recreated"],
      ["service plain", "other image", "recreated"],
    ],
  },
  {
    name: "unhealthy, starting and restarting are not healthy",
    probed: inSync.replace("running healthy", "running starting").replace("running none", "restarting none"),
    changes: [
      ["service web", "starting", "healthy"],
      ["service plain", "restarting", "healthy"],
    ],
  },
  {
    name: "a configuration file of the second of the start or later makes its service older",
    probed: inSync.replace("1795340902", "1795340905"),
    changes: [["service web", "older configuration", "restarted"]],
  },
  {
    name: "two containers of one service are one too many",
    probed: inSync.replace(web, (line) => line + line),
    changes: [["service web", "2 containers", "one container"]],
  },
  {
    name: "containers of services that are gone are orphans",
    probed: inSync.replace(web, (line) => line + line.replace("web", "old") + line.replace("web", "gone")),
    changes: [["orphans", "gone, old", "removed"]],
  },
  {
    name: "a service that only compose.yaml names is kept up too",
    desired: { services: { web: { image: "tiny:1", config: ["/opt/try/conf/a.conf"] } } },
    probed: inSync.replace("plain dd7ba", "plain 00000"),
    changes: [["service plain", "other configuration", "recreated"]],
  },
  {
    name: "a compose.yaml that compose refuses is said in check mode",
    probed: inSync.replace(/(hash 0 .*\n)+/, `refused 0 ${refusal}\n`),
    changes: ["web", "plain"].map((name) => [
      `service ${name}`,
      "compose refuses it: validating -: (root) Additional property nonsense is not allowed",
      "healthy",
    ]),
  },
  {
    name: "without Docker everything is absent",
    probed: inSync.replace(/docker\n[\s\S]*/, "docker\nengine absent\n"),
    changes: [
      ["engine", undefined, "running"],
      ["service web", undefined, "healthy"],
      ["service plain", undefined, "healthy"],
    ],
  },
  {
    name: "without an answer from Docker nothing is known of services, and nothing called absent",
    probed: inSync.replace(/docker\n[\s\S]*/, "docker\nengine docker is not running\n"),
    changes: [
      ["engine", "docker is not running", "running"],
      ["service web", "unknown", "healthy"],
      ["service plain", "unknown", "healthy"],
    ],
  },
  {
    name: "of another image it is said from which to which",
    probed: older(
      "name: try\nservices:\n  web:\n    ports: [80]\n    image: 'tiny:0'\n\n  plain:\n    image: tiny:1\n  odd: 7\nvolumes: {}\n",
    ),
    changes: [
      ["content", "000000000000", undefined],
      ["image web", "tiny:0", "tiny:1"],
    ],
  },
  {
    name: "a compose.yaml that is none says nothing of images",
    probed: older("services: [\n"),
    changes: [["content", "000000000000", undefined]],
  },
  {
    name: "another compose.yaml comes first",
    probed: inSync.replace(/^[0-9a-f]{12}/m, "000000000000").replace("web 54272", "web 00000"),
    changes: [
      ["content", "000000000000", undefined],
      ["service web", "other configuration", "recreated"],
    ],
  },
];

for (const { name, probed, changes, desired } of cases) {
  t.test(`compose diff: ${name}`, async (t) => {
    const resource = project(desired);
    const [found = []] = resource.kind.diff(probed, [resource]);
    t.same(
      found.map(({ field, before, after }) => [field, before, field === "content" ? undefined : after]),
      changes,
    );
  });
}

t.test("compose follows the files of exactly the services that read them", async (t) => {
  const resource = project();
  t.same(resource.kind.followed(resource, new Set(["/opt/try/conf/a.conf"])), [
    { field: "service web", before: "older configuration", after: "restarted" },
  ]);
  t.same(resource.kind.followed(resource, new Set(["/etc/other"])), []);
});

t.test("compose reads other text as a failed probe, never as absent", async (t) => {
  const resource = project();
  for (const text of [
    "",
    inSync.replace(/engine.*/, ""),
    inSync.replace("2026-11-22T09:48:25.589956903Z", "yesterday"),
    inSync.replace(/image .*/, ""),
    inSync.replace(/(hash 0 .*\n)+/, ""),
  ])
    t.throws(() => resource.kind.diff(text, [resource]), /unexpected/);
});

t.test("compose refuses services that compose.yaml does not have, and names that are none", async (t) => {
  const stray = project({ services: { web: { image: "tiny:1", config: ["/x"] }, ghost: { image: "tiny:1" } } });
  t.throws(() => stray.kind.diff(inSync, [stray]), /no service ghost/);
  t.throws(() => project({ project: "Try" }), /not a project's name/);
  t.throws(() => project({ services: { "-d": { image: "x" } } }), /not a service's name/);
  t.throws(() => project({ services: { web: { image: "--all" } } }), /not an image/);
  t.throws(() => project({ dir: "opt" }), /absolute/);
});

t.test("compose restarts for an older configuration, and recreates for another one", async (t) => {
  const script = (before: string) =>
    project().kind.step(project(), [{ field: "service web", before, after: "x" }]).script.text;
  t.match(script("older configuration"), /^ *compose restart -- 'web'/m);
  t.notMatch(script("other configuration"), /^ *compose restart/m);
});

for (const shell of shells) {
  t.test(`compose in ${shell[0]}, on a host without Docker`, async (t) => {
    const dir = t.testdir();
    const tools = join(dir, "bin");
    mkdirSync(tools);
    for (const tool of ["stat", "sha256sum", "date", "wc", "base64", "tr", "busybox"]) {
      const [path] = spawnSync("sh", ["-c", `command -v ${tool}`], { encoding: "utf8" }).stdout.split("\n");
      if (path) symlinkSync(path, join(tools, tool));
    }
    const secret = new Secret("it's $(id) é", "test");
    const resource = compose({ project: "try", dir, content: secret, services: { web: { image: "tiny:1" } } });
    const groups = groupByKind([resource]);
    const only = `PATH='${tools}'`;
    const probes = probeScripts(groups).map(({ text }) => trusted(`${only}\n${text}`));
    const [step] = planSteps([resource], groups, runSections(shell, probes));
    t.ok(touches(step?.changes ?? [], "engine"));
    t.match(step?.changes, [
      { field: "engine", before: undefined },
      { field: "service web", before: undefined },
    ]);
    t.equal(step?.changes.find(({ field }) => field === "content")?.text, undefined);
    const [section] = runSections(shell, [trusted(`${only}\n${step?.script.text}`)]);
    t.match(section, { status: 1, stderr: "compose try: docker is not installed: install docker.io" });
    // Without an engine nothing is pulled, and whoever waits for it waits no longer.
    const early = step && resource.kind.early(step);
    const [given] = runSections(shell, [trusted(`${only}\ncd '${dir}'; : >turn\n${early?.text}`)]);
    t.equal(given?.status, 1);
  });
}

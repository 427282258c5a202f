import t from "tap";
import { bench, direct, pinned } from "../support/bench.ts";
import { LAB, onHost, program, site, takeLab } from "../support/lab.ts";
import { runFile } from "../support/program.ts";
import { noLab } from "../support/stand.ts";

// It brings the tests' lab up and converges it where that has not happened yet.
t.setTimeout(45 * 60_000);

const TAGS = ["early-1", "early-2"];

t.test("the images of a project are pulled at once, while what comes before it goes on", { skip: noLab }, async (t) => {
  await takeLab(t);
  const first = await site("--limit", "mon");
  t.equal(first.code, 0, first.stderr);
  await addTags();
  t.teardown(() => onHost("mon", REMOVE));
  const keys = (await onHost("mon", "cat /etc/ssh/ssh_host_ed25519_key.pub")).trim();
  const one = bench(t, { mon: direct("mon") }, { pins: pinned(`[127.0.0.1]:${direct("mon").port}`, [keys]) });
  const run = () => runFile("test/fixtures/early.mts", [...one.args, "--json"]);
  const made = await run();
  t.equal(made.code, 0, made.stdout + made.stderr);
  t.equal((await onHost("mon", "docker compose -p early ps -q | wc -l")).trim(), "2", "both run");
  t.notMatch(await onHost("mon", "ls /var/lib/hostwright"), /early|holder/, "nothing is left of it");
  t.match((await run()).stdout, /"changed":0/);
});

const REMOVE = `docker compose -p early down -t 0 >/dev/null 2>&1; rm -rf /srv/early; docker image rm ${TAGS.map((tag) => `prom/prometheus:${tag}`).join(" ")}`;

/** Gives the mirror's image of Prometheus two more tags, which no host has pulled. */
async function addTags(): Promise<void> {
  const { stdout } = await program("docker", "port", `hostwright-${LAB}-assets`, "5000/tcp");
  const folder = `http://${stdout.split("\n")[0]}/v2/prom/prometheus`;
  const { tags } = (await (await fetch(`${folder}/tags/list`)).json()) as { tags: readonly string[] };
  const known = await fetch(`${folder}/manifests/${tags.find((tag) => !TAGS.includes(tag))}`, {
    headers: { accept: TYPES.join(", ") },
  });
  const [manifest, type = ""] = [await known.text(), known.headers.get("content-type") ?? undefined];
  for (const tag of TAGS) {
    const put = await fetch(`${folder}/manifests/${tag}`, {
      method: "PUT",
      headers: { "content-type": type },
      body: manifest,
    });
    if (!put.ok) throw new Error(`the mirror took no tag: ${put.status} ${await put.text()}`);
  }
}

/** Of a manifest, and of a list of those for several machines (OCI image-spec 1.1, Docker image manifest 2.2). */
const TYPES = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
];

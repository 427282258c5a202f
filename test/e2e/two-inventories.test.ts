import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import t from "tap";
import { parseDocument } from "yaml";
import { eventually, INVENTORY, LAB, onHost, program, site, takeLab } from "../support/lab.ts";
import { noLab } from "../support/stand.ts";

t.setTimeout(45 * 60_000);

const folder = `.lab/${LAB}/inventories`;
const file = (name: string) => `${folder}/${name}/hosts.yml`;

/** The lab's inventory with these app hosts only, as `inventories/NAME/hosts.yml`. */
function writeOwn(name: string, hosts: readonly string[]): void {
  const inventory = parseDocument(
    readFileSync(INVENTORY, "utf8").replaceAll(/: ((?:id_ed25519|known_hosts|releases\.lock\.json))$/gm, ": ../../$1"),
  );
  for (const host of ["app-dev", "app-prod"])
    if (!hosts.includes(host)) inventory.deleteIn(["all", "children", "app", "hosts", host]);
  mkdirSync(`${folder}/${name}`, { recursive: true });
  writeFileSync(file(name), String(inventory));
}

const run = (name: string) => program("npx", "zx", "playbooks/site.mts", "-i", file(name), "-l", "monitoring");
const jobs = async () => (await onHost("mon", "ls /opt/monitoring/prometheus/jobs")).trim().split("\n");

/** Environments that Prometheus reads: those of its active targets. */
async function scraped(): Promise<readonly string[]> {
  const answer = JSON.parse(await onHost("mon", "curl -sf 127.0.0.1:9090/api/v1/targets"));
  const targets: readonly { labels: { environment?: string } }[] = answer.data.activeTargets;
  // The stack's own targets have none.
  return [...new Set(targets.flatMap(({ labels }) => labels.environment ?? []))].sort();
}

t.test(
  "dev/hosts.yml and prod/hosts.yml share a monitoring host, and neither takes anything of the other",
  { skip: noLab },
  async (t) => {
    await takeLab(t);
    const before = await site("-l", "monitoring");
    t.equal(before.code, 0, before.stderr);
    writeOwn("dev", ["app-dev"]);
    writeOwn("prod", ["app-prod"]);

    for (const name of ["dev", "prod", "dev"]) {
      const { code, stdout } = await run(name);
      t.equal(code, 0, stdout);
      t.same(await jobs(), ["dev.yml", "prod.yml"], `after a run of ${name}`);
      await eventually("both environments are scraped", 60, scraped, (all) => all.join() === "dev,prod");
    }
    const again = await run("dev");
    t.match(again.stdout, /mon +ok=\d+ +changed=0/, "settled");

    await t.test("a host of another inventory is refused with both names", async (t) => {
      writeOwn("stage", ["app-prod"]);
      const { code, stdout } = await program(
        "npx",
        "zx",
        "playbooks/site.mts",
        "-i",
        file("stage"),
        "-l",
        "monitoring",
        "-e",
        "environment=stage",
      );
      t.equal(code, 2, stdout);
      t.match(
        stdout,
        /host app-prod \(.*:9100\) belongs to environment stage of .*stage\/hosts\.yml and to environment prod of .*prod\/hosts\.yml/,
      );
      t.same(await jobs(), ["dev.yml", "prod.yml"]);
    });

    await t.test("an environment that leaves its inventory leaves alone", async (t) => {
      writeOwn("prod", []);
      const { code, stdout } = await run("prod");
      t.equal(code, 0, stdout);
      t.match(stdout, /PLAY app {2}no hosts/);
      t.same(await jobs(), ["dev.yml"]);
      await eventually("dev is scraped, prod is not", 60, scraped, (all) => all.join() === "dev");
    });

    const after = await site("-l", "monitoring");
    t.equal(after.code, 0, after.stderr);
    t.same(await jobs(), ["dev.yml", "prod.yml"], "the lab's own inventory has both again");
  },
);

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import t, { type Test } from "tap";
import { eventually, INVENTORY, LAB, lab, labAddress, onHost, program, site, takeLab } from "../support/lab.ts";
import { allNumbers, WRITER } from "../support/numbers.ts";
import { noLab } from "../support/stand.ts";

// It brings the tests' lab up and converges it where that has not happened yet.
t.setTimeout(45 * 60_000);

const APP = "app-prod";
const CONTAINER = `hostwright-${LAB}-${APP}`;
const FOLDER = "/home/ubuntu/fittoring";
const OLD_ADDRESS = labAddress(APP);
const NEW_ADDRESS = OLD_ADDRESS.replace(/\d+$/, "42");

const docker = (...args: readonly string[]) => program("docker", ...args);

interface Numbers {
  /** Of their files: a name that the agent has not seen before. */
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

const newName = () => `numbers-${Date.now().toString(36)}`;

/** The application writes numbers from this one on, to the last moment of its unit; the playbook restarts it for its settings. */
async function writes({ name, from, to }: Numbers): Promise<void> {
  const unit = [
    "[Service]",
    `ExecStartPost=/bin/sh -c 'perl /opt/numbers.pl ${FOLDER}/logs ${name} ${from} ${to} 0.01 $MAINPID &'`,
  ];
  const [script, text] = [WRITER, `${unit.join("\n")}\n`].map((file) => Buffer.from(file).toString("base64"));
  await onHost(
    APP,
    `echo ${script} | base64 -d >/opt/numbers.pl; mkdir -p /etc/systemd/system/fittoring.service.d
    echo ${text} | base64 -d >/etc/systemd/system/fittoring.service.d/numbers.conf
    systemctl daemon-reload; systemctl restart fittoring`,
  );
}

/** It has begun to write numbers up to this one, and is a third of the way; since when. */
async function begun(count: number): Promise<{ readonly name: string; readonly start: string }> {
  const name = newName();
  await writesNone();
  const start = String(Math.floor(Date.now() / 1000));
  await writes({ name, from: 1, to: count });
  await written(count / 3);
  return { name, start };
}

/** It writes no numbers any more, and has none. */
async function writesNone(): Promise<void> {
  await onHost(
    APP,
    `systemctl stop fittoring; rm -f ${FOLDER}/logs/numbers* /etc/systemd/system/fittoring.service.d/numbers.conf
    systemctl daemon-reload; systemctl start fittoring`,
  );
}

/** The highest number that is in the log folder of the host. */
function lastOn(t: Test): { readonly last: number; readonly archive: string } {
  const dir = t.testdir({ disk: {} });
  execFileSync("sh", [
    "-c",
    `docker cp -q "$1:${FOLDER}/logs" - >"$2/logs.tar" && tar -xf "$2/logs.tar" -C "$2/disk"`,
    "sh",
    CONTAINER,
    dir,
  ]);
  const files = readdirSync(`${dir}/disk/logs`).filter((name) => name.startsWith("numbers"));
  const numbers = files.flatMap((name) =>
    [...readFileSync(`${dir}/disk/logs/${name}`, "utf8").matchAll(/"number":(\d+)\}\n/g)].map(([, n]) => Number(n)),
  );
  return { last: Math.max(0, ...numbers), archive: `${dir}/logs.tar` };
}

/** Waits until the application has written this number, or more. */
async function written(number: number): Promise<void> {
  const last = `cat ${FOLDER}/logs/numbers*.log | grep -o '"number":[0-9]*' | cut -d : -f 2 | sort -n | tail -n 1`;
  await eventually(
    `number ${number} is written`,
    300,
    async () => Number(await onHost(APP, last)),
    (n) => n >= number,
  );
}

/** Another machine is in the host's place, at this address: its disk is empty, and its host key is its own, as its console says. */
async function rebuild(address: string): Promise<string> {
  await lab("rebuild", APP);
  if (address !== OLD_ADDRESS) await moves(address);
  const print = /SHA256:\S+/.exec(await onHost(APP, "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub"))?.[0];
  return `${APP}=${print}`;
}

async function moves(address: string): Promise<void> {
  const network = `hostwright-${LAB}`;
  await docker("network", "disconnect", network, CONTAINER);
  const { code, stderr } = await docker("network", "connect", "--ip", address, network, CONTAINER);
  if (code !== 0) throw new Error(stderr);
}

/** The inventory says where the host is now. */
function writeAddress(address: string): void {
  const text = readFileSync(INVENTORY, "utf8");
  writeFileSync(INVENTORY, text.replace(OLD_ADDRESS, address).replace(NEW_ADDRESS, address));
}

/** What Prometheus reads of the host: "up" for each target, by its instance. */
async function scraped(): Promise<Readonly<Record<string, string>>> {
  const line = `curl -sfG http://127.0.0.1:9090/api/v1/query --data-urlencode 'query=up{host="${APP}"}'`;
  const answer = JSON.parse(await onHost("mon", line)) as {
    data: { result: readonly { metric: { instance: string; job: string }; value: [number, string] }[] };
  };
  return Object.fromEntries(
    answer.data.result.map(({ metric, value }) => [`${metric.job} ${metric.instance}`, value[1]]),
  );
}

const isAt = (address: string) => (up: Readonly<Record<string, string>>) => {
  const targets = Object.entries(up);
  return targets.length > 1 && targets.every(([name, value]) => name.includes(` ${address}:`) && value === "1");
};

t.test("an application host is rebuilt while its application writes", { skip: noLab }, async (t) => {
  await takeLab(t);
  t.teardown(async () => {
    await writesNone();
    await moves(OLD_ADDRESS);
    writeAddress(OLD_ADDRESS);
  });
  const converged = await site();
  t.equal(converged.code, 0, converged.stderr);

  await t.test("shut down in good order, new at another address: 10,000 lines, each once", async (t) => {
    const count = 10_000;
    const { name, start } = await begun(count);
    await docker("exec", CONTAINER, "systemctl", "poweroff");
    t.equal((await docker("wait", CONTAINER)).code, 0);
    const { last } = lastOn(t);
    t.comment(`the last number of the old machine: ${last}`);
    t.ok(last < count, "it was in the middle of it");

    const announced = await rebuild(NEW_ADDRESS);
    await writes({ name, from: last + 1, to: count });
    writeAddress(NEW_ADDRESS);
    const rebuilt = await site("--rebuilt", announced);
    t.equal(rebuilt.code, 0, rebuilt.stderr);
    await written(count);
    t.equal(await allNumbers(start, count), count, "each once");
    t.comment(await eventually("scraped at its new address", 120, scraped, isAt(NEW_ADDRESS)));
    t.match((await site()).results.get(APP), { changed: 0 }, "all is as it should be, and the key is pinned");
  });

  await t.test("gone without a word, its log folder on a disk that stays: each line once", async (t) => {
    const count = 3000;
    const { name, start } = await begun(count);
    await docker("kill", CONTAINER);
    const { last, archive } = lastOn(t);
    t.comment(`the last number of the old machine: ${last}`);

    const announced = await rebuild(OLD_ADDRESS);
    await onHost(APP, `systemctl stop fittoring; rm -rf ${FOLDER}/logs`);
    execFileSync("sh", ["-c", `docker cp -a - "$1:${FOLDER}" <"$2"`, "sh", CONTAINER, archive]);
    await writes({ name, from: last + 1, to: count });
    writeAddress(OLD_ADDRESS);
    const rebuilt = await site("--rebuilt", announced);
    t.equal(rebuilt.code, 0, rebuilt.stderr);
    await written(count);
    t.equal(await allNumbers(start, count), count, "each once");
    await eventually("scraped at its address", 120, scraped, isAt(OLD_ADDRESS));
  });
});

import { spawnSync } from "node:child_process";
import { totalmem } from "node:os";
import t from "tap";
import { type Memory, memorySuspicion, memoryTrouble, parseMemory } from "../../engine/run/memory.ts";
import { runSections, shells } from "../support/shells.ts";

const GB = 1024 ** 3;
const machine: Memory = { total: 2 * GB, available: 100 * 1024 ** 2, ended: 0 };

interface Case {
  readonly name: string;
  readonly said: string;
  readonly memory: Memory;
  /** `undefined`: memory is not the reason. */
  readonly message: string | undefined;
}

const cases: readonly Case[] = [
  {
    name: "a program that could have none",
    said: "sort: memory exhausted\nfile /x failed: exit 2",
    memory: machine,
    message: "a program got no more memory on web-1 (100 MB of 2 GB available)",
  },
  {
    name: "a fork that could have none is no lack of processes",
    said: "sh: fork: Cannot allocate memory",
    memory: machine,
    message: "a program got no more memory on web-1 (100 MB of 2 GB available)",
  },
  {
    name: "a host that cannot even be asked",
    said: "sh: fork: Cannot allocate memory",
    memory: {},
    message: "a program got no more memory on web-1",
  },
  {
    name: "dash without processes",
    said: "sh: 51: Cannot fork",
    memory: { ...machine, most: 10 },
    message: "web-1 cannot start another process (at most 10)",
  },
  {
    name: "busybox without processes, on a machine without a limit",
    said: "sh: can't fork: Resource temporarily unavailable",
    memory: machine,
    message: "web-1 cannot start another process",
  },
  {
    name: "bash without processes",
    said: "bash: fork: retry: Resource temporarily unavailable",
    memory: machine,
    message: "web-1 cannot start another process",
  },
  {
    name: "a program that was killed where the kernel did so before",
    said: "unit x.service failed: exit 137",
    memory: { ...machine, ended: 2 },
    message:
      "a program was killed on web-1, which ran out of memory 2 times since it started (100 MB of 2 GB available)",
  },
  {
    name: "none, for a program that was killed where the kernel never did so",
    said: "unit x.service failed: exit 137",
    memory: machine,
    message: undefined,
  },
];

for (const { name, said, memory, message } of cases) {
  t.test(`memory that is lacking is named: ${name}`, async (t) => {
    t.ok(memorySuspicion.complains(said), "the host is asked");
    t.equal(memoryTrouble("web-1", said, memory)?.message, message);
  });
}

t.test("the host is not asked for what other words mean", async (t) => {
  for (const said of [
    "E: Could not get lock /var/lib/dpkg/lock-frontend - open (11: Resource temporarily unavailable)",
    "file /x failed: exit 13",
    "the memory of grafana was changed",
    "forked repository",
  ])
    t.notOk(memorySuspicion.complains(said), said);
});

const found = (stdout: string) => parseMemory(stdout);

t.test("a container has its limit, a machine what it has", async (t) => {
  const all = "total 2048\navailable 1024\nended 7\n";
  t.match(found(all), { total: 2048 * 1024, available: 1024 * 1024, ended: 7 });
  t.match(found(`${all}limit 4096\nused 1024\nended 1\nmost 10\n`), {
    total: 4096,
    available: 3072,
    ended: 1,
    most: 10,
  });
  t.match(found(`${all}limit 9223372036854771712\nused 5\n`), { total: 2048 * 1024 }, "cgroup v1 without a limit");
  t.match(found("total 0x10\nnonsense\n"), { total: undefined });
});

for (const shell of shells) {
  t.test(`memory is asked for in ${shell[0]}, and by no process`, async (t) => {
    const [section] = runSections(shell, [memorySuspicion.asks("")]);
    t.match(section, { status: 0, stderr: "" });
    const { total = 0, available = 0 } = parseMemory(section?.stdout ?? "");
    t.ok(total > 0 && total <= totalmem() && available > 0 && available <= total, `${available} of ${total}`);
    const [file = "", ...args] = shell;
    const script = `PATH=/nowhere\n${memorySuspicion.asks("").text}`;
    const alone = spawnSync(file, [...args, "-c", script], { encoding: "utf8" });
    t.match(alone, { status: 0, stderr: "" }, "no program is needed");
  });
}

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import t from "tap";
import { connectLocal } from "../../engine/connection/local.ts";
import { file } from "../../engine/resource/file.ts";
import { confirmed } from "../../engine/role/handler.ts";
import { failureOf } from "../../engine/run/failure.ts";
import { openSession, type Session } from "../../engine/run/session.ts";
import { sh } from "../../engine/shell/sh.ts";
import { convergeLocally, statePaths } from "../support/local-run.ts";

t.setTimeout(60_000);

const owner = userInfo().username;
const read = (path: string) => readFileSync(path, "utf8");

/** A door that reads its configuration at a reload, and lets in whom it knows. */
function door(dir: string, content: string) {
  return {
    resources: [file({ path: `${dir}/door`, content, owner }, { notify: ["reload"] })],
    handlers: {
      reload: confirmed(sh`cp ${`${dir}/door`} ${`${dir}/open`}; echo ran >>${`${dir}/ran`}`, { withinSeconds: 3 }),
    },
    open: () => read(`${dir}/open`),
  };
}

const refused = async () => new Error("login refused");

t.test("what a new connection confirms stays, and nobody watches any more", async (t) => {
  const dir = t.testdir();
  const { resources, handlers, open } = door(dir, "all");
  const run = await convergeLocally(t, dir, resources, { handlers });
  t.equal(run.error, undefined);
  t.same([...run.progress.handlers], ["reload"]);
  await delay(4000);
  t.same([open(), read(`${dir}/door`), read(`${dir}/ran`)], ["all", "all", "ran\n"]);
  t.same(readdirSync(`${statePaths(dir).state}/confirm`), []);
  t.same(readdirSync(`${statePaths(dir).state}/pending`), []);
  t.notOk(existsSync(`${statePaths(dir).state}/previous/reload`));
});

t.test("where nobody comes in the host goes back by itself, and both are said", async (t) => {
  const dir = t.testdir();
  const first = door(dir, "all");
  await convergeLocally(t, dir, first.resources, { handlers: first.handlers });
  const { resources, handlers, open } = door(dir, "nobody");
  // Who comes in late finds that the host went back.
  const connection = connectLocal("local");
  t.teardown(() => connection.close());
  const session = await openSession(connection, { become: false });
  const connectAnew = async <T>(task: (session: Session) => Promise<T>) =>
    open() === "all" ? task(session) : refused();
  const run = await convergeLocally(t, dir, resources, { handlers, connectAnew });
  t.match(failureOf(run.error), {
    kind: "failed",
    message: "handler reload: with it nobody comes in by a new connection",
    stderr: "login refused",
    handler: "reload",
    rollback: { works: true, resources: [{ id: `${dir}/door` }] },
  });
  t.same([open(), read(`${dir}/door`)], ["all", "all"]);
  t.same([...run.progress.changed], []);
});

t.test("also where the controller is gone: the host waits for nobody", async (t) => {
  const dir = t.testdir();
  const first = door(dir, "all");
  await convergeLocally(t, dir, first.resources, { handlers: first.handlers });
  const { resources, handlers, open } = door(dir, "nobody");
  const gone = new Promise<never>(() => {});
  void convergeLocally(t, dir, resources, { handlers, connectAnew: () => gone });
  while (open() !== "nobody") await delay(50);
  for (let tries = 0; tries < 200 && (open() !== "all" || read(`${dir}/door`) !== "all"); tries++) await delay(100);
  t.same([open(), read(`${dir}/door`)], ["all", "all"]);
});

t.test("a handler that fails itself goes back at once, and nobody watches any more", async (t) => {
  const dir = t.testdir();
  const first = door(dir, "all");
  await convergeLocally(t, dir, first.resources, { handlers: first.handlers });
  const reload = confirmed(sh`grep -q all ${`${dir}/door`} || { echo "not that" >&2; exit 4; }`, { withinSeconds: 3 });
  const run = await convergeLocally(t, dir, door(dir, "nobody").resources, { handlers: { reload } });
  t.match(failureOf(run.error), {
    message: "handler reload failed: exit 4",
    stderr: "not that",
    rollback: { works: true, resources: [{ id: `${dir}/door` }] },
  });
  t.equal(read(`${dir}/door`), "all");
  t.same(readdirSync(`${statePaths(dir).state}/confirm`), []);
});

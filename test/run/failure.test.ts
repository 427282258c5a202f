import t from "tap";
import { ConnectionError } from "../../engine/connection/connection.ts";
import { InventoryError } from "../../engine/inventory/inventory.ts";
import { PlacedError } from "../../engine/resource/resource.ts";
import { ApplyError, LockedError, NotConvergedError } from "../../engine/run/converge-error.ts";
import type { Failure } from "../../engine/run/event.ts";
import { failureOf, refusalOf } from "../../engine/run/failure.ts";
import { SessionError } from "../../engine/run/session.ts";
import { motd } from "../support/events.ts";

const place = { file: "hosts.yml", line: 3, column: 5 };
const aboutMotd = { step: motd, place: motd.place, found: "mode 0600", expected: "mode 0644" };

const cases: readonly { name: string; error: unknown; failure: Failure }[] = [
  {
    name: "a host key",
    error: new ConnectionError("host-key-changed", "a", "a: key changed", {
      hint: "look",
      found: "one",
      expected: "two",
    }),
    failure: { kind: "unreachable", message: "key changed", found: "one", expected: "two", hint: "look" },
  },
  {
    name: "a lock",
    error: new LockedError("eve@laptop"),
    failure: {
      kind: "locked",
      message: "another run is changing this host",
      found: "eve@laptop",
      hint: "wait for that run, or give --lock-wait 10m to queue behind it; lock.mts status tells who holds which host",
    },
  },
  {
    name: "a session",
    error: new SessionError("no root", { hint: "look" }),
    failure: { kind: "failed", message: "no root", hint: "look" },
  },
  {
    name: "a resource, with the end of stderr",
    error: new ApplyError("file /etc/motd failed: exit 1", `${"x\n".repeat(30)}end\n`, { step: motd }),
    failure: {
      kind: "failed",
      message: "file /etc/motd failed: exit 1",
      ...aboutMotd,
      stderr: `${"x\n".repeat(19)}end`,
      hint: "fix the cause and run again: what is done is not done twice",
    },
  },
  {
    name: "a handler",
    error: new ApplyError("handler app: reload failed: exit 4", "no", { handler: "app: reload" }),
    failure: {
      kind: "failed",
      message: "handler app: reload failed: exit 4",
      handler: "app: reload",
      stderr: "no",
      hint: "fix the cause and run again: what is done is not done twice",
    },
  },
  {
    name: "what does not settle",
    error: new NotConvergedError([{ ...motd, changes: [{ field: "owner", after: "root" }, ...motd.changes] }]),
    failure: {
      kind: "failed",
      message: "still differs after 3 passes: file /etc/motd",
      step: { ...motd, changes: [{ field: "owner", after: "root" }, ...motd.changes] },
      place: motd.place,
      found: "owner nothing, mode 0600",
      expected: "owner root, mode 0644",
      hint: "something undoes these changes: another resource, a service, or a person",
    },
  },
  {
    name: "what a role asks for, with its line",
    error: new PlacedError(
      { file: "roles/base/index.ts", line: 12 },
      { message: "notify", found: "it twice", expected: "once" },
    ),
    failure: { kind: "failed", message: "notify", found: "it twice", expected: "once", place: motd.place },
  },
  {
    name: "an inventory",
    error: new InventoryError({ place, found: "x", expected: "y" }),
    failure: { kind: "failed", message: "the inventory cannot be used", found: "x", expected: "y", place },
  },
  {
    name: "what is no error, over several lines",
    error: "one\n\n  two\n",
    failure: { kind: "failed", message: "one; two" },
  },
];

for (const { name, error, failure } of cases) {
  t.test(`the failure of ${name} has as data what its message does not say`, async (t) => {
    t.same(withoutUndefined(failureOf(error)), failure);
  });
}

t.test("an error of a role's own code has its line", async (t) => {
  t.match(failureOf(new TypeError("no such thing")), { place: { file: "test/run/failure.test.ts", line: Number } });
});

t.test("a refusal's place has no line where it is the file as a whole", async (t) => {
  const problem = { message: "var x", found: "1", expected: "text", hint: "quote it" };
  t.same(refusalOf({ ...problem, place }, "unusable"), { kind: "refused", ...problem, place });
  t.same(withoutUndefined(refusalOf({ place: { file: "a", line: 0, column: 0 } }, "unusable").place ?? {}), {
    file: "a",
  });
});

function withoutUndefined(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined));
}

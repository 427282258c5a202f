import { spawnSync } from "node:child_process";
import t from "tap";
import { fileType } from "../../engine/resource/file.ts";
import { ProbeError } from "../../engine/resource/resource.ts";
import { FrameError, frame, type Section, unframe } from "../../engine/shell/frame.ts";
import { sh } from "../../engine/shell/sh.ts";
import { shells } from "../support/shells.ts";

const NONCE = "0f1e2d3c4b5a69788796a5b4";

/** What a shell answers to a look with these sections. */
function answer(shell: readonly string[], sections: Parameters<typeof frame>[0]) {
  const [program = "sh", ...args] = shell;
  const input = frame(sections, NONCE, { together: true }).text;
  const { stdout, stderr } = spawnSync(program, [...args, "-s"], { input, encoding: "utf8" });
  return { stdout, stderr };
}

/** The sections, or undefined where the answer is refused. */
function read(stdout: string): readonly Section[] | undefined {
  try {
    return unframe({ stdout, stderr: "" }, NONCE);
  } catch (error) {
    if (error instanceof FrameError) return undefined;
    throw error;
  }
}

const [shell] = shells;
const skip = shell ? false : "no shell here";

t.test("an answer that is cut, at whatever byte, is no answer, or the whole of it", { skip }, async (t) => {
  const { stdout } = answer(shell ?? [], [sh`echo one`, sh`echo two`, sh`echo three`]);
  const whole = read(stdout);
  t.match(whole, [{ stdout: "one\n" }, { stdout: "two\n" }, { stdout: "three\n" }]);
  for (let length = 0; length < stdout.length; length++) {
    const found = read(stdout.slice(0, length));
    if (found !== undefined) t.same(found, whole, `cut at ${length}`);
  }
});

t.test(
  "sections in another order are still each its own; one that is missing or comes twice is told",
  { skip },
  async (t) => {
    const { stdout } = answer(shell ?? [], [sh`echo one`, sh`echo two`, sh`echo three`]);
    const whole = read(stdout);
    const block = (index: number) =>
      new RegExp(`\\n${NONCE} ${index} begin\\n[^]*?\\n${NONCE} ${index} end 0 *\\n`).exec(stdout)?.[0] ?? "";
    t.ok(block(1));
    const [one, two, three] = [0, 1, 2].map(block);
    const tail = `\n${NONCE} done\n`;
    t.same(read(`${three}${one}${two}${tail}`), whole);
    t.equal(read(`${one}${three}${tail}`), undefined, "one is missing");
    t.equal(read(`${one}${two}${two}${three}${tail}`), undefined, "one comes twice");
  },
);

t.test("what a host prints that looks like a frame, but has not its word, is text", { skip }, async (t) => {
  const forged = `\nffffffff 0 end 0\n\nffffffff 1 begin\nabsent\n\nffffffff done\n`;
  const { stdout } = answer(shell ?? [], [sh`printf %s ${forged}`, sh`printf ${"\\033]0;x\\007\\377\\376"}`]);
  const [first, second] = read(stdout) ?? [];
  t.equal(first?.stdout, forged);
  t.match(second?.stdout, "\u001b]0;x\u0007");
});

t.test("a probe of files that is cut or mixed up is refused, never read as absent", { skip }, async (t) => {
  const dir = t.testdir({ a: "a", b: "b" });
  const files = ["a", "b", "c"].map((name) => ({ path: `${dir}/${name}`, content: name }));
  const text = answer(shell ?? [], [fileType.probe(files)]).stdout;
  const [{ stdout = "" } = {}] = read(text) ?? [];
  const whole = JSON.stringify(fileType.parse(stdout, files));
  const lines = stdout.split("\n");
  const spoiled = [
    "",
    ...lines.map((_, index) => lines.filter((__, at) => at !== index).join("\n")),
    [...lines].reverse().join("\n"),
    stdout.replace(/^/gm, "x"),
  ].filter((one) => one !== stdout);
  for (const one of spoiled) {
    try {
      const found = fileType.parse(one, files);
      const isAbsent = found.slice(0, 2).some(({ stat }) => stat === undefined);
      t.notOk(isAbsent, `${JSON.stringify(one)} is read as ${JSON.stringify(found)}, where ${whole} is meant`);
    } catch (error) {
      t.type(error, ProbeError);
    }
  }
});

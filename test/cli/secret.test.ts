import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import t, { type Test } from "tap";
import { secretCommand } from "../../engine/cli/secret.ts";
import { newIdentity } from "../../engine/inventory/age.ts";
import { type Ended, runProgram } from "../support/program.ts";

const key = await newIdentity();
const colleague = await newIdentity();
const value = "it's $HOME é";

t.jobs = 4;

interface Given {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a command in this process, which is faster by a second than another; the last test starts the program itself. */
async function secret(args: readonly string[], { input = "", env = {} }: Given): Promise<Ended> {
  const output = { stdout: "", stderr: "" };
  const ports = {
    env: { PATH: process.env.PATH, ...env },
    readSecret: async () => input,
    print: (text: string) => {
      output.stdout += `${text}\n`;
    },
    tell: (text: string) => {
      output.stderr += `${text}\n`;
    },
  };
  try {
    await secretCommand(args, ports);
    return { code: 0, ...output };
  } catch (error) {
    if (!(error instanceof Error) || !/^(Usage|Inventory)Error$/.test(error.constructor.name)) throw error;
    return { code: 1, stdout: output.stdout, stderr: `${output.stderr}${error.message}\n` };
  }
}

function place(t: Test, vars = "# whose\npassword: !env OLD # c\nport: 1\n") {
  const dir = t.testdir({
    "age.txt": `${key.identity}\n`,
    inventory: { "recipients.yml": `all: [${key.recipient}]\n`, group_vars: { "app.yml": vars } },
    tmp: {},
  });
  const env = { HOSTWRIGHT_AGE_IDENTITY_FILE: `${dir}/age.txt`, XDG_RUNTIME_DIR: `${dir}/tmp`, VISUAL: "" };
  const file = `${dir}/inventory/group_vars/app.yml`;
  const run = (args: readonly string[], more: Given = {}) => secret(args, { ...more, env: { ...env, ...more.env } });
  return { dir, file, env, run, text: () => readFileSync(file, "utf8") };
}

const refused = (t: Test, { code, stdout, stderr }: Ended, message: string, dir: string) => {
  t.equal(stderr.replaceAll(dir.slice(process.cwd().length + 1), "DIR").replaceAll(dir, "DIR"), `${message}\n`);
  t.same([code, stdout], [1, ""]);
};

t.test("a value that was encrypted into a file is decrypted, edited and encrypted again", async (t) => {
  const { run, file, text, dir } = place(t);
  t.match(await run(["encrypt", file, "password"], { input: value }), { code: 0, stdout: "" });
  t.match(text(), /^# whose\npassword: !age \| # c\n {2}-----BEGIN AGE ENCRYPTED FILE-----\n[\s\S]*-----\nport: 1\n$/);
  t.match(await run(["decrypt", file, "password"]), { code: 0, stdout: `${value}\n`, stderr: "" });

  const seen = `${dir}/seen`;
  const script = `stat -c '%a' "$1" "$(dirname "$1")" >'${seen}'; printf 'new\\nlines\\n' >"$1"`;
  const EDITOR = `sh -c '${script.replaceAll("'", `'\\''`)}' editor`;
  t.match(await run(["edit", file, "password"], { env: { EDITOR } }), { code: 0, stdout: "" });
  t.equal(readFileSync(seen, "utf8"), "600\n700\n", "only its owner can read it");
  t.same(readdirSync(`${dir}/tmp`), [], "and it is gone");
  t.equal((await run(["decrypt", file, "password"])).stdout, "new\nlines\n");
});

t.test("rekey lets a new recipient decrypt, and the old one no longer", async (t) => {
  const { run, file, dir } = place(t);
  await run(["encrypt", file, "password"], { input: value });
  writeFileSync(`${dir}/inventory/recipients.yml`, `all: [${key.recipient}]\napp:\n  - ${colleague.recipient}\n`);
  writeFileSync(`${dir}/colleague.txt`, colleague.identity);
  const theirs = { env: { HOSTWRIGHT_AGE_IDENTITY_FILE: `${dir}/colleague.txt` } };
  t.match(await run(["decrypt", file, "password"], theirs), { code: 1, stderr: /for other recipients/ });
  t.match(await run(["rekey", file, `${dir}/inventory/recipients.yml`]), {
    code: 0,
    stderr: /app.yml: 1 block for 1 recipient\n.*recipients.yml: 0 blocks\n/,
  });
  t.equal((await run(["decrypt", file, "password"], theirs)).stdout, `${value}\n`);
  t.match(await run(["decrypt", file, "password"]), { code: 1, stdout: "", stderr: /for other recipients/ });
});

t.test("rekey writes nothing where one block cannot be decrypted", async (t) => {
  const { run, file, dir } = place(t, "a:\nb: !age |\n  YWdl\n");
  await run(["encrypt", file, "a"], { input: value });
  const before = readFileSync(file, "utf8");
  t.match(await run(["rekey", file]), { code: 1, stderr: /app.yml:\d+:9: found a damaged !age block/ });
  t.equal(readFileSync(file, "utf8"), before);
  t.same(readdirSync(`${dir}/inventory/group_vars`), ["app.yml"]);
});

t.test("encrypt without a file prints a block that can be pasted anywhere", async (t) => {
  const { run, file, dir } = place(t);
  const env = { HOSTWRIGHT_INVENTORY: `${dir}/inventory/prod.yml` };
  const { stdout } = await run(["encrypt"], { input: value, env });
  writeFileSync(file, `a:\n  b:\n    c:\n      d: ${stdout}`);
  t.equal((await run(["decrypt", file, "a.b.c.d"])).stdout, `${value}\n`);
});

t.test("an editor that fails or changes nothing leaves the file as it is, and no copy", async (t) => {
  const { run, file, text, dir } = place(t);
  await run(["encrypt", file, "password"], { input: value });
  const before = text();
  const failed = await run(["edit", file, "password"], { env: { EDITOR: "false" } });
  refused(t, failed, "the editor (false) ended with 1, nothing was changed", dir);
  const same = await run(["edit", file, "password"], { env: { EDITOR: "true" } });
  t.match(same, { code: 0, stderr: /app.yml: password is unchanged/ });
  t.equal(text(), before);
  t.same(readdirSync(`${dir}/tmp`), []);
});

t.test("keygen makes a key that only its owner can read, and never overwrites one", async (t) => {
  const dir = t.testdir({});
  const env = { HOSTWRIGHT_AGE_IDENTITY_FILE: `${dir}/keys/age.txt` };
  const made = await secret(["keygen"], { env });
  t.match(made, { code: 0, stdout: /^age1[a-z0-9]{58}\n$/ });
  t.equal(statSync(`${dir}/keys/age.txt`).mode & 0o777, 0o600);
  t.equal(statSync(`${dir}/keys`).mode & 0o777, 0o700);
  const again = await secret(["keygen"], { env });
  refused(t, again, "DIR/keys/age.txt: found a key, which is not overwritten, expected to write a new file", dir);
});

for (const { name, args, input = "x", message } of [
  {
    name: "no command",
    args: [],
    message: "found no command, expected encrypt, decrypt, edit, rekey, keygen (--help says more)",
  },
  {
    name: "a mistyped command",
    args: ["decypt"],
    message:
      'found the unknown command "decypt", expected encrypt, decrypt, edit, rekey, keygen; did you mean "decrypt"? (--help says more)',
  },
  {
    name: "a value on the command line",
    args: ["encrypt", "s3cret"],
    message: "encrypt: found 1 argument, expected encrypt, or encrypt FILE VAR",
  },
  {
    name: "a list that is not there",
    args: ["encrypt", "FILE", "port", "--for", "al"],
    message: 'DIR/inventory/recipients.yml: found no recipients of "al", expected a name in it; did you mean "all"?',
  },
  {
    name: "decrypting what is not encrypted",
    args: ["decrypt", "FILE", "port"],
    message: "DIR/inventory/group_vars/app.yml:3:1: var port: found no !age block, expected one",
  },
  {
    name: "a missing file",
    args: ["decrypt", "DIR/none.yml", "port"],
    message: "DIR/none.yml: found no such file, expected a YAML file with vars",
  },
]) {
  t.test(`secret.mts refuses ${name} in one line`, async (t) => {
    const { run, file, dir, text } = place(t);
    const before = text();
    const ended = await run(
      args.map((arg) => arg.replace("FILE", file).replace("DIR", dir)),
      { input },
    );
    refused(t, ended, message, dir);
    t.equal(text(), before);
  });
}

const hosts = `
monitoring:
  hosts:
    mon: { host: 192.0.2.1 }
app:
  hosts:
    app-1: { host: 192.0.2.2, environment: dev }
`;

t.test("the program reads the secret from stdin, and one line break at its end is no part of it", async (t) => {
  const { file, env, run, dir } = place(t);
  const args = ["encrypt", file, "password"];
  t.match(await runProgram("secret", args, { input: `${value}\n\n`, env }), { code: 0, stdout: "" });
  t.equal((await run(["decrypt", file, "password"])).stdout, `${value}\n\n`);
  refused(t, await runProgram("secret", args, { env }), "found nothing on stdin, expected the secret", dir);
});

t.test("a playbook needs the key only for the hosts that it is limited to", { timeout: 110_000 }, async (t) => {
  const { run, dir } = place(t, "# nothing\n");
  writeFileSync(`${dir}/inventory/hosts.yml`, hosts);
  const vars = `${dir}/inventory/group_vars/monitoring.yml`;
  t.match(await run(["encrypt", vars, "grafana_admin_password"], { input: value }), { code: 0 });
  const check = ["-i", `${dir}/inventory/hosts.yml`, "--syntax-check"];
  const none = { env: { HOSTWRIGHT_AGE_IDENTITY_FILE: `${dir}/none.txt` } };
  t.match(await runProgram("site", [...check, "-l", "app"], none), { code: 0 });
  const { code, stderr } = await runProgram("site", check, none);
  t.equal(code, 1);
  t.match(
    stderr,
    /^[^\n]*group_vars\/monitoring.yml:1:30: found an !age block that cannot be decrypted: [^\n]*none.txt: found no age identity[^\n]*\n$/,
  );
});

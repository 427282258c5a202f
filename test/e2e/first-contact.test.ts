import t from "tap";
import { bench, pinned } from "../support/bench.ts";
import { machineImage, startContainer } from "../support/container.ts";
import { fills, loginKey, meetsMachines, type SpoiledMachine, small } from "../support/spoiled.ts";
import { noLab } from "../support/stand.ts";

t.setTimeout(40 * 60_000);

const forced = (script: string): string =>
  `sed -i 's|^|command="sh /forced" |' /home/ops/.ssh/authorized_keys\ncat >/forced <<'END'\n${script}\nEND`;
const forAll = (command: string): string =>
  `printf 'Match User ops\\n  ForceCommand ${command}\\n' >>/etc/ssh/sshd_config`;
const bashrc = (script: string): string =>
  `cat >/home/ops/.bashrc <<'END'\n${script}\nEND\nchown ops /home/ops/.bashrc`;

const LOGINS: readonly SpoiledMachine[] = [
  {
    name: "a forced command that names another user",
    spoil: forced(`echo 'Please login as the user "ubuntu" rather than the user "root".'\necho\nsleep 1\nexit 142`),
    message:
      /^FAILED web: the login ended .*exit 142.*Please login as the user "ubuntu".*\n {2}next {6}.*user: ubuntu\n$/,
  },
  {
    name: "a login shell that lets nobody in",
    spoil: "usermod -s /usr/sbin/nologin ops",
    message: /This account is currently not available\.\n {2}next {6}.*nologin/,
  },
  {
    name: "a command that all have to take",
    spoil: forAll("echo closed for the weekend; exit 1"),
    message: /closed for the weekend\n {2}next {6}.*ForceCommand/,
  },
  {
    name: "a login for files only",
    spoil: forAll("internal-sftp"),
    message: /This service allows sftp connections only/,
  },
  {
    name: "a password that has expired",
    spoil: "chage -d 0 ops",
    message: /Your password has expired.*\n {2}next {6}.*chage -M/,
  },
  {
    name: "an account that has expired",
    spoil: "chage -E 0 ops",
    message: /login as ops refused.*the host says: Your account has expired.*\n {2}next {6}.*chage -l ops/,
    code: 4,
  },
  {
    name: "a machine that is closed",
    spoil: "echo closed until noon >/etc/nologin",
    message: /login as ops refused.*the host says: closed until noon\n {2}next {6}.*nologin/,
    code: 4,
  },
  {
    name: "a start-up file that exits",
    spoil: bashrc("exit 0"),
    message: /a start-up file of the login shell exits\n {2}next {6}.*\.bashrc/,
  },
  {
    name: "a start-up file that exits with a word",
    spoil: bashrc("echo no terminal; exit 3"),
    message: /\(exit 3\); the host says: no terminal\n {2}next {6}.*start-up files \(\.bashrc/,
  },
  {
    name: "a start-up file that reads a line",
    spoil: bashrc("read answer"),
    message: /a start-up file of the login shell reads stdin.*\n {2}next {6}.*\.bashrc/,
  },
  {
    name: "a start-up file that reads everything",
    spoil: bashrc("cat >/dev/null"),
    message: /a start-up file of the login shell reads stdin/,
  },
  {
    name: "a start-up file that waits",
    spoil: bashrc("sleep 1000"),
    message: /the login shell did not run a command within 30 s: a start-up file of it hangs\n {2}next {6}.*\.bashrc/,
  },
  {
    name: "a start-up file that prints without end",
    spoil: bashrc("yes"),
    message: /a start-up file of the login shell, or a forced command, prints without end/,
  },
  {
    name: "a start-up file that prints",
    spoil: bashrc("echo hello; echo hello >&2"),
    message: /^web \| exit 0\n {2}root\n$/,
    code: 0,
  },
];

const SHELLS: readonly SpoiledMachine[] = [
  {
    name: "busybox as sh",
    spoil:
      "{ apt-get update && apt-get install -y --no-install-recommends busybox; } >/dev/null; ln -sf busybox /usr/bin/sh",
    play: { file_path: "/srv/x", handler_path: "/srv/y" },
    message: /changed=1/,
    code: 0,
  },
];

const sudoers = (line: string): string => `echo '${line}' >>/etc/sudoers.d/ops`;
const asks = "echo ops:pw1 | chpasswd; echo 'ops ALL=(ALL) ALL' >/etc/sudoers.d/ops";

const SUDO: readonly SpoiledMachine[] = [
  {
    name: "a sudo that asks, and records",
    spoil: `${asks}; ${sudoers("Defaults log_input, log_output")}`,
    password: "pw1",
    message: /^web \| exit 0\n {2}root\n$/,
    code: 0,
  },
  {
    name: "a wrong password",
    spoil: asks,
    password: "pw2",
    message: /sudo refuses the password or the user \(sudo: 1 incorrect password attempt\)/,
  },
  {
    name: "a right password of a user whom sudoers does not know",
    spoil: `${asks}; rm /etc/sudoers.d/ops`,
    password: "pw1",
    message: /sudo says: ops is not in the sudoers file\.\n {2}next {6}.*ops ALL=/,
  },
  {
    name: "a right password where sudo wants a terminal",
    spoil: `${asks}; ${sudoers("Defaults requiretty")}`,
    password: "pw1",
    message: /sudo says: sorry, you must have a tty/,
  },
  {
    name: "a sudo that wants a terminal",
    spoil: sudoers("Defaults requiretty"),
    message:
      /^FAILED web: cannot become root: sudo says: sorry, you must have a tty.*\n {2}next {6}.*Defaults:ops !requiretty\n$/,
  },
  {
    name: "a sudo that lost its setuid bit",
    spoil: "chmod 0755 /usr/bin/sudo",
    message: /sudo says: .*setuid bit.*\n {2}next {6}.*chmod 4755/,
  },
  {
    name: "a machine on which nobody gains rights",
    docker: ["--security-opt", "no-new-privileges"],
    message: /sudo says: The "no new privileges" flag is set/,
  },
  {
    name: "a user whom sudoers does not know",
    spoil: "rm /etc/sudoers.d/ops",
    message: /sudo wants a password\n {2}next {6}.*ops ALL=\(ALL\) NOPASSWD: ALL/,
  },
  {
    name: "a user who may run one program",
    spoil: "printf 'Defaults !authenticate\\nops ALL=(ALL) /bin/ls\\n' >/etc/sudoers.d/ops",
    message: /sudo says: Sorry, user ops is not allowed.*\n {2}next {6}.*ops ALL=\(ALL\) NOPASSWD: ALL/,
  },
  {
    name: "sudoers that anybody may write",
    spoil: "chmod 0777 /etc/sudoers",
    message: /sudo says: \/etc\/sudoers is world writable\n {2}next {6}.*visudo -c/,
  },
  {
    name: "a sudo that cannot record",
    spoil: sudoers("Defaults log_input, log_output, iolog_dir=/proc/nowhere"),
    message: /sudo says: unable to mkdir \/proc\/nowhere.*\n {2}next {6}.*!log_input/,
  },
  {
    name: "a sudo that has no room to record",
    spoil: `${sudoers("Defaults log_input, log_output")}\n${fills("/var/log")}`,
    docker: small("/var/log"),
    message: /sudo ends without a word, and \/var\/log is full\n/,
  },
  {
    name: "a sudo that records all",
    spoil: sudoers("Defaults log_input, log_output, use_pty"),
    message: /^web \| exit 0\n {2}root\n$/,
    code: 0,
  },
  { name: "no sudo", spoil: "rm /usr/bin/sudo", message: /neither sudo nor doas is there\n {2}next {6}.*install sudo/ },
];

t.test("the first contact with a machine that has something wrong", { skip: noLab }, async (t) => {
  await meetsMachines(t, [...LOGINS, ...SHELLS, ...SUDO]);

  await t.test("csh, fish and zsh are login shells as any other, with a password and without", async (t) => {
    const [image, key] = [await machineImage(), loginKey(t)];
    const host = await startContainer(t, image, { publicKey: `${key}.pub` });
    await host.run(
      "{ apt-get update && apt-get install -y --no-install-recommends csh fish zsh; } >/dev/null 2>&1; echo ops:pw1 | chpasswd",
    );
    const vars = { host: "127.0.0.1", port: host.port, user: "ops", key, ansible_become_password: "!env LAB_PASSWORD" };
    const one = bench(t, { web: vars }, { pins: pinned(`[127.0.0.1]:${host.port}`, host.keys) });
    for (const [shell, rule] of ["csh", "fish", "zsh"].flatMap((name) => [
      [name, "ALL"],
      [name, "NOPASSWD: ALL"],
    ])) {
      await host.run(`usermod -s "$(command -v ${shell})" ops; echo 'ops ALL=(ALL) ${rule}' >/etc/sudoers.d/ops`);
      const { stdout, stderr } = await one.exec("web", `id -un; cat; echo "it's" '!!'`, {
        options: ["-b"],
        env: { LAB_PASSWORD: "pw1" },
      });
      t.equal(stdout, "web | exit 0\n  root\n  it's !!\n", `${shell}, ${rule}: ${stderr}`);
    }
  });
});

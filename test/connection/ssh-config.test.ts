import { homedir, userInfo } from "node:os";
import t from "tap";
import {
  argsForHops,
  expandTokens,
  parseHop,
  parseSshConfig,
  splitWords,
  sshConfig,
} from "../../engine/connection/ssh-config.ts";

const question = { name: "app-1", address: "app" };

// From OpenSSH 9.2, shortened to the lines that matter.
const printed = `host app
user deploy
hostname app.example.com
port 2222
identitiesonly yes
hostkeyalias ali
identityagent /home/u/a.sock
identityfile ~/.ssh/%h_key
identityfile /tmp/a b/key
certificatefile /tmp/c-cert.pub
hostkeyalgorithms rsa-sha2-512,ssh-ed25519
stricthostkeychecking accept-new
globalknownhostsfile /etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2
userknownhostsfile /root/.ssh/kh /tmp/x y
connecttimeout none
serveraliveinterval 15
serveralivecountmax 2
compression yes
proxyjump u@hop:2222,b
`;

t.test("what ssh -G prints is read, paths expanded", async (t) => {
  t.strictSame(parseSshConfig(printed, question), {
    hostname: "app.example.com",
    port: 2222,
    user: "deploy",
    identityFiles: [`${homedir()}/.ssh/app.example.com_key`, "/tmp/a b/key"],
    identitiesOnly: true,
    certificateFiles: ["/tmp/c-cert.pub"],
    identityAgent: "/home/u/a.sock",
    proxyJump: ["u@hop:2222", "b"],
    proxyCommand: undefined,
    knownHostsFiles: ["/root/.ssh/kh", "/tmp/x y", "/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"],
    hostKeyAlias: "ali",
    hostKeyAlgorithms: ["rsa-sha2-512", "ssh-ed25519"],
    unknownHostKeys: "pin",
    keepaliveMs: 15_000,
    keepaliveCount: 2,
    compress: true,
  });
});

t.test("what the inventory says wins, and its key comes first", async (t) => {
  const config = parseSshConfig(printed, { ...question, port: 9, user: "root", key: "/tmp/a b/key" });
  t.match(config, { port: 9, user: "root", identityFiles: ["/tmp/a b/key", /app\.example\.com_key$/] });
});

t.test("without ssh on this machine its defaults hold", async (t) => {
  const config = parseSshConfig("", question);
  t.match(config, { hostname: "app", port: 22, user: userInfo().username, identitiesOnly: false, proxyJump: [] });
  t.ok(config.identityFiles.includes(`${homedir()}/.ssh/id_ed25519`));
  t.ok(config.knownHostsFiles.includes(`${homedir()}/.ssh/known_hosts`));
});

t.test("none is nothing", async (t) => {
  const text = "proxyjump none\nproxycommand none\nidentityfile none\nuserknownhostsfile none\nidentityagent none\n";
  const { proxyJump, proxyCommand, identityFiles, knownHostsFiles, identityAgent } = parseSshConfig(text, question);
  t.strictSame([proxyJump, proxyCommand, identityFiles, knownHostsFiles], [[], undefined, [], []]);
  t.equal(identityAgent, "none", "told apart from an agent that is not named");
});

t.test("tokens are replaced once", async (t) => {
  t.equal(expandTokens("nc %h %p %r %% %x", { h: "%p", p: "22", r: "u" }), "nc %p 22 u % %x");
});

const hops: readonly { text: string; hop: ReturnType<typeof parseHop> }[] = [
  { text: "hop", hop: { address: "hop", user: undefined, port: undefined } },
  { text: "u@hop:2222", hop: { address: "hop", user: "u", port: 2222 } },
  { text: "u@[::1]:2222", hop: { address: "::1", user: "u", port: 2222 } },
  { text: "ssh://u@hop:2222/", hop: { address: "hop", user: "u", port: 2222 } },
  { text: "u@d@hop", hop: { address: "hop", user: "u@d", port: undefined } },
  { text: "::1", hop: undefined },
  { text: "", hop: undefined },
];

for (const { text, hop } of hops) {
  t.test(`jump host "${text}"`, async (t) => t.strictSame(parseHop(text), hop));
}

t.test("words of ssh arguments are split as by a shell", async (t) => {
  t.strictSame(splitWords(` -o ProxyCommand="ssh -W %h:%p \\"b c\\"" -o 'A=b c' a\\ b  `), [
    "-o",
    'ProxyCommand=ssh -W %h:%p "b c"',
    "-o",
    "A=b c",
    "a b",
  ]);
  t.strictSame(splitWords(""), []);
});

t.test("of ssh arguments, jump hosts get the configuration file and nothing else, as from ssh itself", async (t) => {
  for (const args of [`-p 99 -F "it's here" -o A=b`, `-F"it's here" -p 99`])
    t.strictSame(splitWords(argsForHops(args) ?? ""), ["-F", "it's here"]);
  t.equal(argsForHops("-p 99"), undefined);
  t.equal(argsForHops(undefined), undefined);
});

t.test("further ssh arguments hold, but what the inventory states wins", async (t) => {
  const sshArgs = "-o ProxyJump=bastion -p 99 -o HostKeyAlias=box";
  const config = await sshConfig({ ...question, port: 22, sshArgs, configFile: "/dev/null" });
  t.match(config, { port: 22, proxyJump: ["bastion"], hostKeyAlias: "box" });
});

t.test("a configuration that ssh refuses is an error with ssh's own words", async (t) => {
  const refused = sshConfig({ ...question, sshArgs: "-o NoSuchOption=1", configFile: "/dev/null" });
  await t.rejects(refused, { failure: "config", message: /app-1: ssh -G refuses .*nosuchoption/i });
});

import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import t from "tap";
import { INVENTORY, LAB, program, takeLab } from "../support/lab.ts";
import { noLab } from "../support/stand.ts";

t.setTimeout(45 * 60_000);

/** The secret vars of the shipped roles, in plain text, with what makes the roles use them. */
const SECRETS = {
  grafana_admin_password: "plain-Grafana-7c1",
  gateway_password: "plain-Gateway-7c2",
  metrics_password: "plain-Metrics-7c3",
  alert_slack_url: "https://hooks.example.com/plain-Slack-7c4",
  alert_discord_url: "https://hooks.example.com/plain-Discord-7c5",
  alert_webhook_url: "https://hooks.example.com/plain-Webhook-7c6",
  smtp_password: "plain-Smtp-7c7",
  s3_access_key_id: "plain-KeyId-7c8",
  s3_secret_access_key: "plain-Key-7c9",
  prometheus_remote_write_password: "plain-Remote-7d0",
};
const OTHERS = {
  gateway: true,
  node_exporter_tls: true,
  smtp_host: "mail.example.com:587",
  smtp_from: "g@example.com",
  tempo_s3_bucket: "traces",
  s3_endpoint: "s3.example.com",
  prometheus_remote_write_url: "https://metrics.example.com/write",
  prometheus_remote_write_user: "writer",
};

t.test(
  "no output of the shipped playbook shows a secret var that is given in plain text",
  { skip: noLab },
  async (t) => {
    await takeLab(t);
    const vars = `.lab/${LAB}/plain.json`;
    const junit = `.lab/${LAB}/plain.xml`;
    writeFileSync(vars, JSON.stringify({ ...SECRETS, ...OTHERS }));
    t.teardown(() => [vars, junit].map((path) => rmSync(path, { force: true })));
    const common = ["-i", INVENTORY, "-e", `@${vars}`];
    const seen: Record<string, string> = {};
    const run = async (name: string, playbook: string, ...args: readonly string[]) => {
      const { code, stdout, stderr } = await program("npx", "zx", `playbooks/${playbook}.mts`, ...common, ...args);
      t.ok(code === 0 || name === "verify", `${name} ends with ${code}: ${stderr.slice(-500)}`);
      seen[name] = `${stdout}${stderr}${existsSync(junit) ? readFileSync(junit, "utf8") : ""}`;
    };
    await run("check as text", "site", "--check", "--diff", "-v", "--junit", junit);
    await run("check as JSON", "site", "--check", "--diff", "--json", "--junit", junit);
    await run("list", "inventory", "--list");
    await run("exposure", "exposure", "--json");
    await run("exec", "exec", "mon", "-b", "--", `printf '%s\\n' ${Object.values(SECRETS).join(" ")}`);
    t.match(seen.exec, /^mon \| exit 0\n(?: +(?:https:\/\/hooks\.example\.com\/)?\*{8}\n)+/);

    const shown = Object.entries(seen).flatMap(([name, text]) =>
      Object.entries(SECRETS).flatMap(([key, value]) => (text.includes(value) ? [`${name}: ${key}`] : [])),
    );
    t.same(shown, []);
  },
);

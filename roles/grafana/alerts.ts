import { absent, file, type Resource, reveal, Secret, type Text, VarError, type VarsOf } from "hostwright";
import type { AlertRule } from "../alert.ts";
import { root } from "../paths.ts";
import { template } from "../templates.ts";
import type { alertVars } from "./alert-vars.ts";
import { GRAFANA_UID } from "./owner.ts";
import { provisioned } from "./provisioning.ts";

type Vars = VarsOf<typeof alertVars>;

interface Receiver {
  readonly uid: string;
  readonly type: "slack" | "discord" | "webhook" | "email";
  readonly url: Text;
  readonly addresses: string;
}

const folder = `${root}/grafana/provisioning/alerting`;
const contactPointsFile = `${folder}/contact-points.yml`;
const smtpPasswordFile = `${root}/secrets/grafana_smtp_password`;
const types = ["slack", "discord", "webhook", "email"] as const;

/** The rules that Grafana evaluates, by path. */
export function alertFiles(alerts: readonly AlertRule[]): Readonly<Record<string, Text>> {
  const names = ["hosts", "applications", "stack"] as const;
  const groups = names.map((name) => ({
    orgId: 1,
    name,
    folder: "Hostwright",
    interval: "1m",
    rules: alerts.filter(({ group }) => group === name).map(ruleOf),
  }));
  return { [`${folder}/rules.json`]: `${JSON.stringify({ apiVersion: 1, groups }, null, 2)}\n` };
}

/** Whom Grafana tells, and the password to send mail with: files for Grafana's own user only, since they hold secrets. */
export function contactResources(vars: Vars): readonly Resource[] {
  checkMail(vars);
  return [
    secretFile(contactPointsFile, contactPoints(receivers(vars))),
    secretFile(smtpPasswordFile, vars.smtp_password),
  ];
}

/** The paths of the files with secrets that Grafana reads at its start. */
export function contactFiles(vars: Vars): readonly string[] {
  const hasContacts = receivers(vars).length > 0;
  return [...(hasContacts ? [contactPointsFile] : []), ...(vars.smtp_password ? [smtpPasswordFile] : [])];
}

/** What the Compose file has to know of mail: empty where none is sent. */
export function mailSettings({ smtp_host, smtp_user, smtp_password, smtp_from }: Vars) {
  return {
    host: smtp_host ?? "",
    user: smtp_user ?? "",
    from: smtp_from ?? "",
    hasPassword: smtp_host !== undefined && smtp_password !== undefined,
  };
}

/** A rule as Grafana's file provisioning has it: a query, and a threshold that its answers are held against. */
function ruleOf({ group: _, fires, noData, source, expr, threshold, severity, summary, ...rule }: AlertRule) {
  // A query of Loki's says by its type that it asks for now.
  const model = {
    refId: "value",
    expr,
    instant: true,
    range: false,
    ...(source === "loki" && { queryType: "instant" }),
  };
  const evaluator = { type: fires === "above" ? "gt" : "lt", params: [threshold] };
  return {
    ...rule,
    noDataState: noData ?? "OK",
    execErrState: "Error",
    labels: { severity },
    annotations: { summary },
    condition: "threshold",
    data: [
      { refId: "value", relativeTimeRange: { from: 600, to: 0 }, datasourceUid: source, model },
      {
        refId: "threshold",
        datasourceUid: "__expr__",
        model: { refId: "threshold", type: "threshold", expression: "value", conditions: [{ evaluator }] },
      },
    ],
  };
}

function receivers(vars: Vars): readonly Receiver[] {
  const urls = { slack: vars.alert_slack_url, discord: vars.alert_discord_url, webhook: vars.alert_webhook_url };
  const addresses = (vars.alert_email_to ?? []).join(";");
  return types.flatMap((type): readonly Receiver[] => {
    const common = { uid: uidOf(type), type, url: "", addresses: "" };
    if (type === "email") return addresses === "" ? [] : [{ ...common, addresses }];
    const url = urls[type];
    return url === undefined ? [] : [{ ...common, url: withoutDollar(url) }];
  });
}

function contactPoints(found: readonly Receiver[]): Text | undefined {
  if (found.length === 0) return undefined;
  const others = types.map(uidOf).filter((uid) => !found.some((receiver) => receiver.uid === uid));
  return provisioned(contactPointsFile, template("grafana/contact-points.yml.hbs", { receivers: found, others }));
}

function uidOf(type: Receiver["type"]): string {
  return `hostwright-${type}`;
}

/** Some versions of Grafana expand `$NAME` in the settings of a contact point, some do not: `%24` is the same URL. */
function withoutDollar(url: Text): Text {
  return new Secret(() => reveal(url).trim().replaceAll("$", "%24"), "an alert URL");
}

function secretFile(path: string, content: Text | undefined): Resource {
  const options = { tags: ["grafana"] };
  if (content === undefined) return absent({ path }, options);
  return file({ path, content, mode: "0400", owner: GRAFANA_UID, group: "0" }, options);
}

function checkMail({ alert_email_to = [], smtp_host, smtp_from, smtp_user, smtp_password }: Vars): void {
  const needing = { alert_email_to: alert_email_to[0], smtp_user, smtp_password };
  const [name] = Object.entries(needing).find(([, value]) => value !== undefined) ?? [];
  if (name !== undefined && smtp_host === undefined)
    throw new VarError(name, { found: "no smtp_host", expected: "one: mail needs smtp_host too" });
  if (smtp_host !== undefined && smtp_from === undefined)
    throw new VarError("smtp_host", { found: "no smtp_from", expected: "one: mail needs smtp_from too" });
}

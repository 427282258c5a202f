import { list, optional, secret, string } from "hostwright";

/** Whom Grafana tells of alerts. All may be unset: the rules are there all the same, and Grafana's pages show what fires. */
export const alertVars = {
  alert_slack_url: optional(secret("Slack's incoming webhook that alerts go to", { format: "webhook" })),
  alert_discord_url: optional(secret("Discord's webhook that alerts go to", { format: "webhook" })),
  alert_webhook_url: optional(secret("Any other URL that alerts are POSTed to as JSON", { format: "webhook" })),
  alert_email_to: optional(
    list(
      "Addresses that alerts are mailed to; needs smtp_host",
      string("An address", { pattern: "^[^\\s@;,]+@[^\\s@;,]+$" }),
    ),
  ),
  smtp_host: optional(string("Mail server and port, such as smtp.example.com:587", { format: "host-port" })),
  smtp_user: optional(string("The name to log in with at the mail server")),
  smtp_password: optional(secret("The password to log in with at the mail server")),
  smtp_from: optional(string("The address that mail comes from", { pattern: "^[^\\s@]+@[^\\s@]+$" })),
};

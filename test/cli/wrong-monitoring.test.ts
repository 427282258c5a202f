import t from "tap";
import { refusesInputs } from "../support/wrong-input.ts";
import { wrongSite } from "../support/wrong-site.ts";

/** A line of vars of mon-1, and the message that it gets. */
const lines = [
  [
    "loki_s3_from: 2025-02-30",
    'DIR/hosts.yml:15:21: host mon-1: var loki_s3_from (role monitoring): found "2025-02-30", expected a day, such as 2026-01-31: there is no such day',
  ],
  [
    "loki_s3_from: 2025-2-1",
    'DIR/hosts.yml:15:21: host mon-1: var loki_s3_from (role monitoring): found "2025-2-1", expected a day, such as 2026-01-31: this is not written as YYYY-MM-DD',
  ],
  [
    'loki_s3_from: "2026-04-31"',
    'DIR/hosts.yml:15:21: host mon-1: var loki_s3_from (role monitoring): found "2026-04-31", expected a day, such as 2026-01-31: there is no such day',
  ],
  [
    "loki_s3_bucket: logs",
    "DIR/hosts.yml:15:23: host mon-1: var loki_s3_bucket: found no loki_s3_from, expected both or none: loki_s3_bucket and loki_s3_from belong together",
  ],
  [
    "loki_s3_bucket: logs..prod",
    'DIR/hosts.yml:15:23: host mon-1: var loki_s3_bucket (role monitoring): found "logs..prod", expected the name of a bucket, such as logs-of-prod: only small letters, digits, - and single dots may be in it, with a letter or digit around each dot',
  ],
  [
    "loki_s3_bucket: 192.168.5.4",
    'DIR/hosts.yml:15:23: host mon-1: var loki_s3_bucket (role monitoring): found "192.168.5.4", expected the name of a bucket, such as logs-of-prod: this is an address',
  ],
  [
    "tempo_s3_bucket: ab",
    'DIR/hosts.yml:15:24: host mon-1: var tempo_s3_bucket (role monitoring): found "ab", expected the name of a bucket, such as logs-of-prod: a name has 3 to 63 characters',
  ],
  [
    "tempo_s3_bucket: traces",
    "DIR/hosts.yml:15:24: host mon-1: var tempo_s3_bucket: found no s3_endpoint, expected where the bucket is",
  ],
  [
    "s3_endpoint: https://s3.example.com",
    'DIR/hosts.yml:15:20: host mon-1: var s3_endpoint (role monitoring): found "https://s3.example.com", expected a host, or a host and a port, such as s3.example.com:9000: this is a URL',
  ],
  [
    "s3_endpoint: s3.example.com:99999",
    'DIR/hosts.yml:15:20: host mon-1: var s3_endpoint (role monitoring): found "s3.example.com:99999", expected a host, or a host and a port, such as s3.example.com:9000: "99999" is no port',
  ],
  [
    "s3_access_key_id: AKIA",
    "DIR/hosts.yml:15:25: host mon-1: var s3_access_key_id: found no bucket that it opens, expected loki_s3_bucket or tempo_s3_bucket or backup_s3_bucket too",
  ],
  [
    "s3_secret_access_key: !env GRAFANA_PASSWORD",
    "DIR/hosts.yml:15:34: host mon-1: var s3_secret_access_key: found no bucket that it opens, expected loki_s3_bucket or tempo_s3_bucket or backup_s3_bucket too",
  ],
  [
    "grafana_url: grafana.example.com",
    'DIR/hosts.yml:15:20: host mon-1: var grafana_url (role monitoring): found "grafana.example.com", expected a URL, such as https://www.example.com: this does not begin with http:// or https://',
  ],
  [
    "grafana_url: https://",
    'DIR/hosts.yml:15:20: host mon-1: var grafana_url (role monitoring): found "https://", expected a URL, such as https://www.example.com: this does not begin with http:// or https://',
  ],
  [
    "grafana_url: https://grafana.example.com:99999",
    'DIR/hosts.yml:15:20: host mon-1: var grafana_url (role monitoring): found "https://grafana.example.com:99999", expected a URL, such as https://www.example.com: "99999" is no port',
  ],
  [
    "grafana_url: https://graf ana.example.com",
    'DIR/hosts.yml:15:20: host mon-1: var grafana_url (role monitoring): found "https://graf ana.example.com", expected a URL, such as https://www.example.com: this has a space',
  ],
  [
    "grafana_url: https://admin:pw@grafana.example.com",
    'DIR/hosts.yml:15:20: host mon-1: var grafana_url (role monitoring): found "https://admin:********@grafana.example.com", expected a URL, such as https://www.example.com: this has a user or a password',
  ],
  [
    "grafana_url: https://grafana.example.com/#home",
    'DIR/hosts.yml:15:20: host mon-1: var grafana_url (role monitoring): found "https://grafana.example.com/#home", expected a URL, such as https://www.example.com: this has a fragment (#)',
  ],
  [
    "grafana_url: ftp://grafana.example.com",
    'DIR/hosts.yml:15:20: host mon-1: var grafana_url (role monitoring): found "ftp://grafana.example.com", expected a URL, such as https://www.example.com: this does not begin with http:// or https://',
  ],
  [
    "grafana_url: https://10.0.0.300",
    'DIR/hosts.yml:15:20: host mon-1: var grafana_url (role monitoring): found "https://10.0.0.300", expected a URL, such as https://www.example.com: this is no IPv4 address',
  ],
  [
    'grafana_url: "https://grafana.{{ domain }}"',
    `DIR/hosts.yml:15:20: var grafana_url: found "https://grafana.{{ domain }}", expected plain text: Ansible's templates are not evaluated here`,
  ],
  [
    'grafana_url: "https://{% if x %}a{% endif %}"',
    `DIR/hosts.yml:15:20: var grafana_url: found "https://{% if x %}a{% endif %}", expected plain text: Ansible's templates are not evaluated here`,
  ],
  [
    'docker_registry_mirrors: ["mirror.example.com"]',
    'DIR/hosts.yml:15:33: host mon-1: var docker_registry_mirrors[0] (role monitoring): found "mirror.example.com", expected a URL, such as https://www.example.com: this does not begin with http:// or https://',
  ],
  [
    'docker_registry_mirrors: ["https://mirror.example.com:0"]',
    'DIR/hosts.yml:15:33: host mon-1: var docker_registry_mirrors[0] (role monitoring): found "https://mirror.example.com:0", expected a URL, such as https://www.example.com: "0" is no port',
  ],
  [
    'docker_registry_mirrors: ["{{ mirror }}"]',
    `DIR/hosts.yml:15:33: var docker_registry_mirrors[0]: found "{{ mirror }}", expected plain text: Ansible's templates are not evaluated here`,
  ],
  [
    'docker_registry_mirrors: ["https://u:p@mirror.example.com"]',
    'DIR/hosts.yml:15:33: host mon-1: var docker_registry_mirrors[0] (role monitoring): found "https://u:********@mirror.example.com", expected a URL, such as https://www.example.com: this has a user or a password',
  ],
  [
    "docker_log_max_size: 0m",
    'DIR/hosts.yml:15:28: host mon-1: var docker_log_max_size (role monitoring): found "0m", expected a size, such as 10m, of at most 100g: this is not a number from 1 and one of k, m, g',
  ],
  [
    "docker_log_max_size: 99999999999g",
    'DIR/hosts.yml:15:28: host mon-1: var docker_log_max_size (role monitoring): found "99999999999g", expected a size, such as 10m, of at most 100g: this is more',
  ],
  [
    "docker_log_max_files: 0",
    "DIR/hosts.yml:15:29: host mon-1: var docker_log_max_files (role monitoring): found 0, expected 1 or more",
  ],
  [
    "docker_log_max_files: 5000000",
    "DIR/hosts.yml:15:29: host mon-1: var docker_log_max_files (role monitoring): found 5000000, expected 1000 or less",
  ],
  [
    "data_disk_gb: 99999999",
    "DIR/hosts.yml:15:21: host mon-1: var data_disk_gb (role monitoring): found 99999999, expected 1000000 or less",
  ],
  [
    "grafana_memory_mb: 99999999",
    "DIR/hosts.yml:15:26: host mon-1: var grafana_memory_mb (role monitoring): found 99999999, expected 4194304 or less",
  ],
  [
    "loki_retention_hours: 99999999",
    "DIR/hosts.yml:15:29: host mon-1: var loki_retention_hours (role monitoring): found 99999999, expected 87600 or less",
  ],
  [
    "scrape_interval_seconds: 3600",
    "DIR/hosts.yml:15:32: host mon-1: var scrape_interval_seconds (role monitoring): found 3600, expected 240 or less",
  ],
  [
    "alert_slack_url: hooks.slack.example/T0",
    "DIR/hosts.yml:15:24: host mon-1: var alert_slack_url (role monitoring): found a secret that is none, expected a URL, such as https://hooks.example.com/T0/B0: this does not begin with http:// or https://",
  ],
  [
    'alert_discord_url: "https://discord example/x"',
    "DIR/hosts.yml:15:26: host mon-1: var alert_discord_url (role monitoring): found a secret that is none, expected a URL, such as https://hooks.example.com/T0/B0: this has a space",
  ],
  [
    'alert_webhook_url: "https:///no-host"',
    "DIR/hosts.yml:15:26: host mon-1: var alert_webhook_url (role monitoring): found a secret that is none, expected a URL, such as https://hooks.example.com/T0/B0: this has no host",
  ],
  [
    "alert_webhook_url: !env NO_URL",
    "DIR/hosts.yml:15:31: host mon-1: var alert_webhook_url (role monitoring): found a secret that is none, expected a URL, such as https://hooks.example.com/T0/B0: this does not begin with http:// or https://",
  ],
  [
    "alert_email_to: [ops@example.com]",
    "DIR/hosts.yml:15:23: host mon-1: var alert_email_to: found no smtp_host, expected one: mail needs smtp_host too",
  ],
  [
    'alert_email_to: ["ops@example.com, dev@example.com"]',
    'DIR/hosts.yml:15:24: host mon-1: var alert_email_to[0] (role monitoring): found "ops@example.com, dev@example.com", expected text that matches /^[^\\s@;,]+@[^\\s@;,]+$/ (An address)',
  ],
  [
    "smtp_host: smtp.example.com",
    'DIR/hosts.yml:15:18: host mon-1: var smtp_host (role monitoring): found "smtp.example.com", expected a host and a port, such as smtp.example.com:587: this has no port',
  ],
  [
    "smtp_host: smtp.example.com:70000",
    'DIR/hosts.yml:15:18: host mon-1: var smtp_host (role monitoring): found "smtp.example.com:70000", expected a host and a port, such as smtp.example.com:587: "70000" is no port',
  ],
  [
    "smtp_host: smtps://smtp.example.com:465",
    'DIR/hosts.yml:15:18: host mon-1: var smtp_host (role monitoring): found "smtps://smtp.example.com:465", expected a host and a port, such as smtp.example.com:587: this is a URL',
  ],
  [
    "smtp_host: smtp.example.com:587",
    "DIR/hosts.yml:15:18: host mon-1: var smtp_host: found no smtp_from, expected one: mail needs smtp_from too",
  ],
  [
    "smtp_password: !env GRAFANA_PASSWORD",
    "DIR/hosts.yml:15:27: host mon-1: var smtp_password: found no smtp_host, expected one: mail needs smtp_host too",
  ],
  [
    "smtp_user: hostwright",
    "DIR/hosts.yml:15:18: host mon-1: var smtp_user: found no smtp_host, expected one: mail needs smtp_host too",
  ],
  [
    "prometheus_remote_write_url: metrics.example.com",
    'DIR/hosts.yml:15:36: host mon-1: var prometheus_remote_write_url (role monitoring): found "metrics.example.com", expected a URL, such as https://metrics.example.com/api/v1/write: this does not begin with http:// or https://',
  ],
  [
    "prometheus_remote_write_url: https://u:p@metrics.example.com/push",
    'DIR/hosts.yml:15:36: host mon-1: var prometheus_remote_write_url (role monitoring): found "https://u:********@metrics.example.com/push", expected a URL, such as https://metrics.example.com/api/v1/write: this has a user or a password',
  ],
  [
    'prometheus_remote_write_url: "https://metrics example.com"',
    'DIR/hosts.yml:15:36: host mon-1: var prometheus_remote_write_url (role monitoring): found "https://metrics example.com", expected a URL, such as https://metrics.example.com/api/v1/write: this has a space',
  ],
  [
    "prometheus_remote_write_user: hostwright",
    "DIR/hosts.yml:15:37: host mon-1: var prometheus_remote_write_user: found no prometheus_remote_write_password, expected both or none: prometheus_remote_write_user and prometheus_remote_write_password belong together",
  ],
  [
    "publish_address: 10.0.0.0/24",
    'DIR/hosts.yml:15:24: host mon-1: var publish_address (role monitoring): found "10.0.0.0/24", expected an IPv4 address, such as 192.0.2.10: this has a prefix length',
  ],
  [
    "publish_address: 999.1.1.1",
    'DIR/hosts.yml:15:24: host mon-1: var publish_address (role monitoring): found "999.1.1.1", expected an IPv4 address, such as 192.0.2.10: this is no IPv4 address',
  ],
  [
    'publish_address: "0.0.0.0:80"',
    'DIR/hosts.yml:15:24: host mon-1: var publish_address (role monitoring): found "0.0.0.0:80", expected an IPv4 address, such as 192.0.2.10: this has a port',
  ],
  [
    "gateway_domain: https://grafana.example.com",
    'DIR/hosts.yml:15:23: host mon-1: var gateway_domain (role monitoring): found "https://grafana.example.com", expected an address or a name, such as 192.0.2.10 or app-1.example.com: this is a URL',
  ],
  [
    "gateway_domain: grafana.example.com.",
    'DIR/hosts.yml:15:23: host mon-1: var gateway_domain (role monitoring): found "grafana.example.com.", expected an address or a name, such as 192.0.2.10 or app-1.example.com: this ends in a dot',
  ],
  [
    'gateway_domain: "*.example.com"',
    'DIR/hosts.yml:15:23: host mon-1: var gateway_domain (role monitoring): found "*.example.com", expected an address or a name, such as 192.0.2.10 or app-1.example.com: this is a range or a pattern',
  ],
  [
    "grafana_admin_user: Grafana Admin",
    `DIR/hosts.yml:15:27: host mon-1: var grafana_admin_user (role monitoring): found "Grafana Admin", expected text that matches /^[A-Za-z0-9._@-]+$/ (Grafana's first administrator)`,
  ],
  [
    "tempo_image: grafana/tempo:9.1.0",
    "DIR/hosts.yml:15:20: host mon-1: var tempo_image: found major 9, expected 2 or 3: each has a configuration of its own",
  ],
  [
    "loki_port: 80",
    "DIR/hosts.yml:15:18: host mon-1: var loki_port: found that grafana_port and loki_port are both 80, expected two: a port can be published once",
  ],
  [
    "otlp_http_port: 443",
    "DIR/hosts.yml:15:23: host mon-1: var otlp_http_port: found that otlp_grpc_port and otlp_http_port are both 443, expected two: a port can be published once",
  ],
  [
    "prometheus_port: 3200",
    "DIR/hosts.yml:15:24: host mon-1: var prometheus_port: found that prometheus_port and tempo_port are both 3200, expected two: a port can be published once",
  ],
  [
    "prometheus_remote_write_password: !env GRAFANA_PASSWORD",
    "DIR/hosts.yml:15:46: host mon-1: var prometheus_remote_write_password: found no prometheus_remote_write_user, expected both or none: prometheus_remote_write_user and prometheus_remote_write_password belong together",
  ],
  [
    "address: 127.0.0.1",
    'DIR/hosts.yml:14:16: host mon-1: var address: found the address 127.0.0.1, which other hosts cannot reach, expected one that they reach: set its var "address"',
  ],
] as const;

// Each plans with the roles of the product, on as many machines as it takes.
t.setTimeout(5 * 60_000);

await refusesInputs(
  t,
  lines.map(([line, message]) => wrongSite("mon-1", line, message)),
);

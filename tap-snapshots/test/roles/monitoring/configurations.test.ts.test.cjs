/* IMPORTANT
 * This snapshot file is auto-generated, but designed for humans.
 * It should be checked into source control and tracked carefully.
 * Re-generate by setting TAP_SNAPSHOT=1 and running tests.
 * Make sure to inspect the output below.  Do not ignore changes!
 */
'use strict'
exports[`test/roles/monitoring/configurations.test.ts > TAP > configurations: 1 GB of memory, 11 GB of disk > reviewed 1`] = `
=== /opt/monitoring/compose.yaml
-       GOMEMLIMIT: "288MiB"
-     mem_limit: "384m"
-     memswap_limit: "384m"
-       GOMEMLIMIT: "358MiB"
-     mem_limit: "448m"
-     memswap_limit: "448m"
-       - "--storage.tsdb.retention.size=2580MB"
-       - "--query.max-samples=6291456"
-     mem_limit: "384m"
-     memswap_limit: "384m"
-     mem_limit: "320m"
-     memswap_limit: "320m"
+       GOMEMLIMIT: "144MiB"
+     mem_limit: "192m"
+     memswap_limit: "192m"
+       GOMEMLIMIT: "172MiB"
+     mem_limit: "216m"
+     memswap_limit: "216m"
+       - "--storage.tsdb.retention.size=645MB"
+       - "--query.max-samples=3014656"
+     mem_limit: "184m"
+     memswap_limit: "184m"
+     mem_limit: "160m"
+     memswap_limit: "160m"
=== /opt/monitoring/loki/loki.yaml
-   http_server_idle_timeout: "2m0.717574742s"
-     replay_memory_ceiling: "128MB"
-   retention_period: "336h"
-   reject_old_samples_max_age: "336h"
-   ingestion_rate_mb: 4
-   ingestion_burst_size_mb: 8
-   per_stream_rate_limit: "3072KB"
-   per_stream_rate_limit_burst: "15360KB"
-   max_query_lookback: "336h"
-         max_size_mb: 16
-       max_size_mb: 32
+   http_server_idle_timeout: "2m0.801143761s"
+     replay_memory_ceiling: "61MB"
+   retention_period: "48h"
+   reject_old_samples_max_age: "168h"
+   ingestion_rate_mb: 2
+   ingestion_burst_size_mb: 4
+   per_stream_rate_limit: "1536KB"
+   per_stream_rate_limit_burst: "7680KB"
+   max_query_lookback: "48h"
+         max_size_mb: 7
+       max_size_mb: 15
=== /opt/monitoring/tempo/tempo.yaml
-   http_server_idle_timeout: "2m0.718361846s"
-   max_live_traces_bytes: 50000000
-     block_retention: "168h"
-         block_retention: "168h"
-       rate_limit_bytes: 5000000
-       burst_size_bytes: 10000000
-       max_traces_per_user: 5000
-       block_retention: "168h"
+   http_server_idle_timeout: "2m0.884416673s"
+   max_live_traces_bytes: 25000000
+     block_retention: "24h"
+         block_retention: "24h"
+       rate_limit_bytes: 2500000
+       burst_size_bytes: 5000000
+       max_traces_per_user: 2500
+       block_retention: "24h"
`

exports[`test/roles/monitoring/configurations.test.ts > TAP > configurations: 8 GB of memory, 100 GB of disk > reviewed 1`] = `
=== /opt/monitoring/compose.yaml
-       GOMEMLIMIT: "288MiB"
-     mem_limit: "384m"
-     memswap_limit: "384m"
-       GOMEMLIMIT: "358MiB"
-     mem_limit: "448m"
-     memswap_limit: "448m"
-       - "--storage.tsdb.retention.size=2580MB"
-       - "--query.max-samples=6291456"
-     mem_limit: "384m"
-     memswap_limit: "384m"
-     mem_limit: "320m"
-     memswap_limit: "320m"
+       GOMEMLIMIT: "630MiB"
+     mem_limit: "840m"
+     memswap_limit: "840m"
+       GOMEMLIMIT: "2016MiB"
+     mem_limit: "2520m"
+     memswap_limit: "2520m"
+       - "--storage.tsdb.retention.size=19783MB"
+       - "--query.max-samples=28835840"
+     mem_limit: "1760m"
+     memswap_limit: "1760m"
+     mem_limit: "1008m"
+     memswap_limit: "1008m"
=== /opt/monitoring/loki/loki.yaml
-   http_server_idle_timeout: "2m0.717574742s"
-     replay_memory_ceiling: "128MB"
-   retention_period: "336h"
-   reject_old_samples_max_age: "336h"
-   ingestion_rate_mb: 4
-   ingestion_burst_size_mb: 8
-   per_stream_rate_limit: "3072KB"
-   per_stream_rate_limit_burst: "15360KB"
-   max_query_lookback: "336h"
-   max_concurrent: 2
-         max_size_mb: 16
-       max_size_mb: 32
+   http_server_idle_timeout: "2m0.095196879s"
+     replay_memory_ceiling: "720MB"
+   retention_period: "720h"
+   reject_old_samples_max_age: "720h"
+   ingestion_rate_mb: 16
+   ingestion_burst_size_mb: 32
+   per_stream_rate_limit: "12288KB"
+   per_stream_rate_limit_burst: "61440KB"
+   max_query_lookback: "720h"
+   max_concurrent: 4
+         max_size_mb: 90
+       max_size_mb: 180
=== /opt/monitoring/tempo/tempo.yaml
-   http_server_idle_timeout: "2m0.718361846s"
-   max_live_traces_bytes: 50000000
-     block_retention: "168h"
-         block_retention: "168h"
-       rate_limit_bytes: 5000000
-       burst_size_bytes: 10000000
-       max_traces_per_user: 5000
-       block_retention: "168h"
+   http_server_idle_timeout: "2m0.982064047s"
+   max_live_traces_bytes: 157500000
+     block_retention: "336h"
+         block_retention: "336h"
+       rate_limit_bytes: 15750000
+       burst_size_bytes: 31500000
+       max_traces_per_user: 15750
+       block_retention: "336h"
`

exports[`test/roles/monitoring/configurations.test.ts > TAP > configurations: a URL with a dollar sign, mirrors, larger logs > reviewed 1`] = `
=== /opt/monitoring/compose.yaml
-     options: { max-size: "10m", max-file: "3" }
+     options: { max-size: "50m", max-file: "5" }
+       GF_SERVER_ROOT_URL: "https://grafana.example/$$path"
`

exports[`test/roles/monitoring/configurations.test.ts > TAP > configurations: defaults on 2 GB > reviewed 1`] = `
=== /opt/monitoring/compose.yaml
name: monitoring

x-service: &service
  restart: unless-stopped
  logging:
    driver: json-file
    options: { max-size: "10m", max-file: "3" }

x-health: &health
  interval: 15s
  timeout: 5s
  retries: 5
  start_period: 60s
  # While it starts, ask often: the run waits for the answer.
  start_interval: 2s

services:
  grafana:
    <<: *service
    image: "grafana/grafana:12.4.11"
    ports: ["192.0.2.10:80:3000"]
    environment:
      GF_SECURITY_ADMIN_USER: "admin"
      # Read at the first start only: it is written into the database then.
      GF_SECURITY_ADMIN_PASSWORD__FILE: /run/secrets/grafana_admin_password
      GF_USERS_ALLOW_SIGN_UP: "false"
      GF_ANALYTICS_REPORTING_ENABLED: "false"
      GF_ANALYTICS_CHECK_FOR_UPDATES: "false"
      GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: "false"
      # Without these Grafana 13 fetches its data sources from the internet at each start.
      GF_PLUGINS_PREINSTALL_DISABLED: "true"
      GF_PLUGINS_PREINSTALL_AUTO_UPDATE: "false"
      GF_LOG_LEVEL: warn
      GOMEMLIMIT: "288MiB"
    secrets:
      - grafana_admin_password
    volumes:
      - grafana-data:/var/lib/grafana
      - ./grafana/provisioning/datasources:/etc/grafana/provisioning/datasources:ro
      - ./grafana/provisioning/dashboards:/etc/grafana/provisioning/dashboards:ro
      - ./grafana/provisioning/alerting:/etc/grafana/provisioning/alerting:ro
      - ./grafana/dashboards:/var/lib/grafana-dashboards:ro
    labels:
      hostwright.config: "(hash)"
    mem_limit: "384m"
    memswap_limit: "384m"
    healthcheck:
      <<: *health
      test: ["CMD","wget","-q","--spider","http://127.0.0.1:3000/api/health"]

  loki:
    <<: *service
    image: "grafana/loki:3.4.1@sha256:1d0c5ddc7644b88956aa0bd775ad796d9635180258a225d6ab3552751d5e2a66"
    user: "10001:10001"
    command: ["-config.file=/etc/loki/loki.yaml"]
    ports: ["192.0.2.10:8080:3100"]
    environment:
      GOMEMLIMIT: "358MiB"
    volumes:
      - ./loki:/etc/loki:ro
      # The image has /loki for user 10001, and a new volume inherits that.
      - loki-data:/loki
    labels:
      hostwright.config: "(hash)"
    mem_limit: "448m"
    memswap_limit: "448m"
    stop_grace_period: 30s
    healthcheck:
      <<: *health
      test: ["CMD","/busybox/wget","-q","--spider","http://127.0.0.1:3100/ready"]

  prometheus:
    <<: *service
    image: "prom/prometheus:v3.13.4@sha256:87861b8cf91579109319ebc300f3f1060e6da9c05d6ae8ad15a20c879e84e32e"
    command:
      - --config.file=/etc/prometheus/prometheus.yml
      - --storage.tsdb.path=/prometheus
      - "--storage.tsdb.retention.time=15d"
      - "--storage.tsdb.retention.size=2580MB"
      # The default lets one query load 50 million samples, 800 MB.
      - "--query.max-samples=6291456"
      # Tempo writes the metrics that it makes of spans, with exemplars: the ids of traces.
      - --web.enable-remote-write-receiver
      - --enable-feature=exemplar-storage
    ports: ["127.0.0.1:9090:9090"]
    volumes:
      - ./prometheus:/etc/prometheus:ro
      - prometheus-data:/prometheus
    # No hostwright.config label: its configuration is reloaded, and environments that share this host write parts of it.
    mem_limit: "384m"
    memswap_limit: "384m"
    stop_grace_period: 30s
    healthcheck:
      <<: *health
      test: ["CMD","wget","-q","--spider","http://127.0.0.1:9090/-/ready"]

  tempo:
    <<: *service
    image: "grafana/tempo:3.0.3@sha256:0296560ac66f8a3600d7fb3014a52c189d4d9c3549ad6ff441bf2409855d68d5"
    command: ["-config.file=/etc/tempo/tempo.yaml"]
    ports:
      - "192.0.2.10:443:4317"
      - "127.0.0.1:3200:3200"
    volumes:
      - ./tempo:/etc/tempo:ro
      - tempo-data:/var/tempo
    labels:
      hostwright.config: "(hash)"
    mem_limit: "320m"
    memswap_limit: "320m"
    # After any query its shutdown hangs, in a deadlock of the query-frontend, with everything written already.
    stop_grace_period: 10s
    healthcheck:
      <<: *health
      test: ["CMD","/tempo","-health"]

volumes:
  grafana-data:
  loki-data:
  prometheus-data:
  tempo-data:

secrets:
  grafana_admin_password:
    file: ./secrets/grafana_admin_password
=== /opt/monitoring/loki/loki.yaml
# Loki as one process on one small host, with its data on the volume at /loki.
auth_enabled: false

server:
  http_listen_port: 3100
  grpc_listen_port: 9096
  # Carries this configuration's own hash, by which the run asks what is running; two minutes is the default.
  http_server_idle_timeout: "2m0.717574742s"
  log_level: warn
  grpc_server_max_recv_msg_size: 8388608
  grpc_server_max_send_msg_size: 8388608

common:
  instance_addr: 127.0.0.1
  path_prefix: /loki
  storage:
    filesystem:
      chunks_directory: /loki/chunks
      rules_directory: /loki/rules
  replication_factor: 1
  ring:
    kvstore:
      store: inmemory

schema_config:
  configs:
    # Never edited once there is data: a new schema is a further entry.
    - from: 2024-04-01
      store: tsdb
      object_store: filesystem
      schema: v13
      index:
        prefix: index_
        # Retention needs exactly a day.
        period: 24h

ingester:
  chunk_idle_period: 30m
  # Half of it is how much older than the newest of its stream an entry may be. Chunks are cut by their size long before.
  max_chunk_age: "336h"
  chunk_encoding: snappy
  wal:
    enabled: true
    dir: /loki/wal
    flush_on_shutdown: true
    # 4 GB by default: more than the host has.
    replay_memory_ceiling: "128MB"
  lifecycler:
    min_ready_duration: 0s

compactor:
  working_directory: /loki/compactor
  compaction_interval: 10m
  retention_enabled: true
  retention_delete_delay: 2h
  retention_delete_worker_count: 10
  delete_request_store: filesystem

limits_config:
  retention_period: "336h"
  reject_old_samples: true
  reject_old_samples_max_age: "336h"
  allow_structured_metadata: true
  volume_enabled: true
  ingestion_rate_mb: 4
  ingestion_burst_size_mb: 8
  per_stream_rate_limit: "3072KB"
  per_stream_rate_limit_burst: "15360KB"
  max_line_size: 256KB
  max_line_size_truncate: true
  max_label_names_per_series: 15
  max_global_streams_per_user: 1000
  max_query_length: 721h
  max_query_lookback: "336h"
  max_query_parallelism: 4
  tsdb_max_query_parallelism: 8
  max_query_series: 500
  max_entries_limit_per_query: 5000
  split_queries_by_interval: 1h
  query_timeout: 1m

querier:
  # A chunk may be in memory alone for as long as max_chunk_age: always asked.
  query_ingesters_within: 0s
  max_concurrent: 2

query_scheduler:
  max_outstanding_requests_per_tenant: 512

# Loki has six such caches, each of 100 MB by default.
query_range:
  cache_results: true
  results_cache:
    cache:
      embedded_cache:
        enabled: true
        max_size_mb: 16

chunk_store_config:
  chunk_cache_config:
    embedded_cache:
      enabled: true
      max_size_mb: 32

pattern_ingester:
  enabled: false

ruler:
  enable_api: false

frontend:
  encoding: protobuf

analytics:
  reporting_enabled: false
=== /opt/monitoring/prometheus/inventories/dev
inventory/lab.yml
192.0.2.21:443
=== /opt/monitoring/prometheus/inventories/prod
inventory/lab.yml
192.0.2.31:9100
=== /opt/monitoring/prometheus/jobs/dev.yml
# One environment's jobs. Its hosts are in targets/, which Prometheus watches by itself.
scrape_configs:
  - job_name: "dev_os_metrics"
    file_sd_configs:
      - files: ["/etc/prometheus/targets/dev_os_metrics.yml"]
        refresh_interval: 30s
  - job_name: "dev_app_metrics"
    # Scheme and path come with each target.
    tls_config:
      insecure_skip_verify: false
    metric_relabel_configs:
      - source_labels: ["host","__name__","uri"]
        regex: "(dev-1);http_server_requests_seconds(_.*)?;(/prometheus-provider|/healthcheck)(/.*)?"
        action: drop
    file_sd_configs:
      - files: ["/etc/prometheus/targets/dev_app_metrics.yml"]
        refresh_interval: 30s
=== /opt/monitoring/prometheus/jobs/prod.yml
# One environment's jobs. Its hosts are in targets/, which Prometheus watches by itself.
scrape_configs:
  - job_name: "prod_os_metrics"
    file_sd_configs:
      - files: ["/etc/prometheus/targets/prod_os_metrics.yml"]
        refresh_interval: 30s
  - job_name: "prod_app_metrics"
    # Scheme and path come with each target.
    tls_config:
      insecure_skip_verify: true
    metric_relabel_configs:
      - source_labels: ["host","__name__","uri"]
        regex: "(prod-1);http_server_requests_seconds(_.*)?;(/prometheus-provider|/healthcheck)(/.*)?"
        action: drop
    file_sd_configs:
      - files: ["/etc/prometheus/targets/prod_app_metrics.yml"]
        refresh_interval: 30s
=== /opt/monitoring/prometheus/prometheus.yml
# Common to all environments, and to Prometheus 2.53 and 3: each environment adds a file to jobs/ and two to targets/.
global:
  scrape_interval: "15s"
  scrape_timeout: "10s"
  evaluation_interval: "15s"

storage:
  exemplars:
    max_exemplars: 20000

rule_files:
  - /etc/prometheus/rules/*.yml
  # Matches nothing. It is the hash of this configuration, by which the run asks Prometheus what it runs.
  - "/etc/prometheus/rules/none-3448f1b1d6211aeb-*"

scrape_config_files:
  - /etc/prometheus/jobs/*.yml

scrape_configs:
  - job_name: "grafana"
    static_configs:
      - targets: ["grafana:3000"]
  - job_name: "loki"
    static_configs:
      - targets: ["loki:3100"]
  - job_name: "prometheus"
    static_configs:
      - targets: ["127.0.0.1:9090"]
  - job_name: "tempo"
    static_configs:
      - targets: ["tempo:3200"]
=== /opt/monitoring/prometheus/rules/basic.yml
# No alerts: Grafana evaluates them (grafana/provisioning/alerting/rules.json), so nothing is told twice, and Prometheus has
# no Alertmanager to tell them to. Recording rules have their place in other files beside this one.
groups: []
=== /opt/monitoring/prometheus/targets/dev_app_metrics.yml
- targets: ["192.0.2.21:8080"]
  labels:
    environment: "dev"
    host: "dev-1"
    __scheme__: "http"
    __metrics_path__: "/prometheus-provider"
=== /opt/monitoring/prometheus/targets/dev_os_metrics.yml
- targets: ["192.0.2.21:443"]
  labels:
    environment: "dev"
    host: "dev-1"
=== /opt/monitoring/prometheus/targets/prod_app_metrics.yml
- targets: ["192.0.2.31:8080"]
  labels:
    environment: "prod"
    host: "prod-1"
    __scheme__: "https"
    __metrics_path__: "/prometheus-provider"
=== /opt/monitoring/prometheus/targets/prod_os_metrics.yml
- targets: ["192.0.2.31:9100"]
  labels:
    environment: "prod"
    host: "prod-1"
=== /opt/monitoring/tempo/tempo.yaml
# Tempo 3 as one process on one small host, with its data on the volume at /var/tempo.
stream_over_http_enabled: true

memory:
  # The Go runtime keeps below this part of the container's memory limit.
  automemlimit_enabled: true
  automemlimit_ratio: 0.8

server:
  http_listen_port: 3200
  grpc_listen_port: 9095
  # Carries this configuration's own hash, by which the run asks what is running; two minutes is the default.
  http_server_idle_timeout: "2m0.718361846s"
  log_level: warn

distributor:
  receivers:
    otlp:
      protocols:
        # Said in full: the default is the container's own localhost.
        grpc:
          endpoint: "0.0.0.0:4317"

live_store:
  max_live_traces_bytes: 50000000
  complete_block_timeout: 15m

backend_worker:
  # 30 s by default: longer than Docker waits.
  finish_on_shutdown_timeout: 5s
  compaction:
    block_retention: "168h"

backend_scheduler:
  provider:
    compaction:
      compaction:
        block_retention: "168h"

metrics_generator:
  registry:
    external_labels:
      source: tempo
  processor:
    # Label deployment_environment: the dashboards' "environment" chooses by it. Label outcome: of Spring's spans, which
    # have no error where the application handled it.
    service_graphs:
      dimensions: [deployment.environment, outcome]
    span_metrics:
      dimensions: [deployment.environment, outcome]
  storage:
    path: /var/tempo/generator/wal
    remote_write:
      - url: http://prometheus:9090/api/v1/write
        send_exemplars: true

storage:
  trace:
    backend: local
    wal:
      path: /var/tempo/wal
    local:
      path: /var/tempo/blocks

overrides:
  defaults:
    ingestion:
      rate_limit_bytes: 5000000
      burst_size_bytes: 10000000
      max_traces_per_user: 5000
    global:
      max_bytes_per_trace: 2000000
    compaction:
      block_retention: "168h"
    metrics_generator:
      processors: [service-graphs, span-metrics]
      max_active_series: 5000

usage_report:
  reporting_enabled: false
`

exports[`test/roles/monitoring/configurations.test.ts > TAP > configurations: limits and retention by vars > reviewed 1`] = `
=== /opt/monitoring/compose.yaml
-       GOMEMLIMIT: "358MiB"
-     mem_limit: "448m"
-     memswap_limit: "448m"
-       - "--storage.tsdb.retention.time=15d"
-       - "--storage.tsdb.retention.size=2580MB"
+       GOMEMLIMIT: "320MiB"
+     mem_limit: "400m"
+     memswap_limit: "400m"
+       - "--storage.tsdb.retention.time=3d"
+       - "--storage.tsdb.retention.size=1024MB"
=== /opt/monitoring/loki/loki.yaml
-   http_server_idle_timeout: "2m0.717574742s"
-     replay_memory_ceiling: "128MB"
-   retention_period: "336h"
-   reject_old_samples_max_age: "336h"
-   ingestion_rate_mb: 4
-   ingestion_burst_size_mb: 8
-   per_stream_rate_limit: "3072KB"
-   per_stream_rate_limit_burst: "15360KB"
-   max_query_lookback: "336h"
-         max_size_mb: 16
-       max_size_mb: 32
+   http_server_idle_timeout: "2m0.269298996s"
+     replay_memory_ceiling: "114MB"
+   retention_period: "48h"
+   reject_old_samples_max_age: "168h"
+   ingestion_rate_mb: 3
+   ingestion_burst_size_mb: 6
+   per_stream_rate_limit: "2304KB"
+   per_stream_rate_limit_burst: "11520KB"
+   max_query_lookback: "48h"
+         max_size_mb: 14
+       max_size_mb: 28
=== /opt/monitoring/prometheus/prometheus.yml
-   scrape_interval: "15s"
-   scrape_timeout: "10s"
-   evaluation_interval: "15s"
-   - "/etc/prometheus/rules/none-3448f1b1d6211aeb-*"
+   scrape_interval: "5s"
+   scrape_timeout: "5s"
+   evaluation_interval: "5s"
+   - "/etc/prometheus/rules/none-d8ef5f749214f6d5-*"
=== /opt/monitoring/tempo/tempo.yaml
-   http_server_idle_timeout: "2m0.718361846s"
-     block_retention: "168h"
-         block_retention: "168h"
-       block_retention: "168h"
+   http_server_idle_timeout: "2m0.659587545s"
+     block_retention: "12h"
+         block_retention: "12h"
+       block_retention: "12h"
`

exports[`test/roles/monitoring/configurations.test.ts > TAP > configurations: Prometheus 2, Loki 3.7 > reviewed 1`] = `
=== /opt/monitoring/compose.yaml
-     image: "grafana/loki:3.4.1@sha256:1d0c5ddc7644b88956aa0bd775ad796d9635180258a225d6ab3552751d5e2a66"
-       test: ["CMD","/busybox/wget","-q","--spider","http://127.0.0.1:3100/ready"]
-     image: "prom/prometheus:v3.13.4@sha256:87861b8cf91579109319ebc300f3f1060e6da9c05d6ae8ad15a20c879e84e32e"
+     image: "grafana/loki:3.7.6"
+       test: ["CMD","/usr/bin/loki","-health"]
+     image: "prom/prometheus:v2.53.3"
+       GOMEMLIMIT: "345MiB"
`

exports[`test/roles/monitoring/configurations.test.ts > TAP > configurations: published on one address, other ports, OTLP over HTTP > reviewed 1`] = `
=== /opt/monitoring/compose.yaml
-     ports: ["192.0.2.10:80:3000"]
-     ports: ["192.0.2.10:8080:3100"]
-       - "192.0.2.10:443:4317"
+     ports: ["192.0.2.10:8000:3000"]
+     ports: ["192.0.2.10:3100:3100"]
+       - "192.0.2.10:4317:4317"
+       - "192.0.2.10:4318:4318"
=== /opt/monitoring/tempo/tempo.yaml
-   http_server_idle_timeout: "2m0.718361846s"
+   http_server_idle_timeout: "2m0.431348349s"
+         http:
+           endpoint: "0.0.0.0:4318"
`

exports[`test/roles/monitoring/configurations.test.ts > TAP > configurations: Tempo 2 > reviewed 1`] = `
=== /opt/monitoring/compose.yaml
-     image: "grafana/tempo:3.0.3@sha256:0296560ac66f8a3600d7fb3014a52c189d4d9c3549ad6ff441bf2409855d68d5"
-       test: ["CMD","/tempo","-health"]
+     image: "grafana/tempo:2.10.8"
+       - "192.0.2.10:4318:4318"
+       GOMEMLIMIT: "256MiB"
=== /opt/monitoring/tempo/tempo.yaml
- # Tempo 3 as one process on one small host, with its data on the volume at /var/tempo.
- memory:
-   # The Go runtime keeps below this part of the container's memory limit.
-   automemlimit_enabled: true
-   automemlimit_ratio: 0.8
-   http_server_idle_timeout: "2m0.718361846s"
- live_store:
-   max_live_traces_bytes: 50000000
-   complete_block_timeout: 15m
- backend_worker:
-   # 30 s by default: longer than Docker waits.
-   finish_on_shutdown_timeout: 5s
- backend_scheduler:
-   provider:
-       compaction:
-         block_retention: "168h"
-       processors: [service-graphs, span-metrics]
+ # Tempo 2 as one process on one small host, with its data on the volume at /var/tempo.
+   http_server_idle_timeout: "2m0.416867522s"
+         http:
+           endpoint: "0.0.0.0:4318"
+ ingester:
+   max_block_duration: 10m
+   max_block_bytes: 52428800
+   complete_block_timeout: 5m
+   flush_all_on_shutdown: true
+   lifecycler:
+     min_ready_duration: 0s
+ compactor:
+     # TraceQL metrics need it; Tempo 3 does not.
+     local_blocks:
+       filter_server_spans: false
+       flush_to_storage: true
+   traces_storage:
+     path: /var/tempo/generator/traces
+       processors: [service-graphs, span-metrics, local-blocks]
`

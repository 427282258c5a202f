package main

import (
	"net"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
	"hostwright/standin"
)

type config struct {
	listen, otlpHTTP, otlpGRPC string
	wal, blocks                string
	yaml                       string
	generator                  generatorConfig
}

type generatorConfig struct {
	// Empty: there is nowhere to write to.
	remoteWrite                     string
	processors                      []string
	graphDimensions, spanDimensions []string
	externalLabels                  map[string]string
	interval                        time.Duration
}

// Upstream collects every 15 s. A test that waits for metrics waits less long here.
const defaultInterval = "5s"

// The top level of Tempo 3.0's configuration. It has no "ingester" and no "compactor" any more.
var known = strings.Fields(`autocomplete_filtering_enabled auth_enabled backend_scheduler backend_scheduler_client
	backend_worker block_builder cache distributor enable_go_runtime_metrics http_api_prefix ingest internal_server
	live_store live_store_client live_store_partition_ring memberlist memory metrics_generator multitenancy_enabled overrides querier
	query_frontend server shutdown_delay storage stream_over_http_enabled target usage_report`)

var knownGenerator = strings.Fields(`codec concurrency consume_from_kafka instance_id limiter_type metrics_ingestion_time_range_slack
	override_ring_key processor query_timeout registry remote_write_add_org_id_header ring storage disable_local_blocks
	disable_grpc leave_consumer_group_on_shutdown ingest_concurrency ring_mode`)

var knownProcessor = strings.Fields("service_graphs span_metrics host_info")

func readConfig(path string) (*config, error) {
	root, err := standin.ReadYAML(path, "app.Config", known)
	if err != nil {
		return nil, err
	}
	if err := standin.CheckKeys(standin.At(root, "metrics_generator"), "generator.Config", knownGenerator); err != nil {
		return nil, err
	}
	processor := standin.At(root, "metrics_generator", "processor")
	if err := standin.CheckKeys(processor, "generator.ProcessorConfig", knownProcessor); err != nil {
		return nil, err
	}
	text, err := yaml.Marshal(root)
	if err != nil {
		return nil, err
	}
	generator, err := readGenerator(root)
	if err != nil {
		return nil, err
	}
	return &config{
		generator: generator,
		yaml:      string(text),
		listen: net.JoinHostPort(standin.TextAt(root, "", "server", "http_listen_address"),
			standin.TextAt(root, "3200", "server", "http_listen_port")),
		otlpHTTP: receiver(root, "http", "localhost:4318"),
		otlpGRPC: receiver(root, "grpc", "localhost:4317"),
		wal:      standin.TextAt(root, "/var/tempo/wal", "storage", "trace", "wal", "path"),
		blocks:   standin.TextAt(root, "/var/tempo/blocks", "storage", "trace", "local", "path"),
	}, nil
}

// readGenerator: what is written to nowhere, or enabled nowhere, is not made.
func readGenerator(root *yaml.Node) (g generatorConfig, err error) {
	node := standin.At(root, "metrics_generator")
	if g.interval, err = time.ParseDuration(standin.TextAt(node, defaultInterval, "registry", "collection_interval")); err != nil {
		return g, err
	}
	decode := func(found *yaml.Node, value any) {
		if found != nil && err == nil {
			err = found.Decode(value)
		}
	}
	var targets []struct{ URL string }
	decode(standin.At(node, "storage", "remote_write"), &targets)
	if len(targets) > 0 {
		g.remoteWrite = targets[0].URL
	}
	decode(standin.At(root, "overrides", "defaults", "metrics_generator", "processors"), &g.processors)
	decode(standin.At(node, "processor", "service_graphs", "dimensions"), &g.graphDimensions)
	decode(standin.At(node, "processor", "span_metrics", "dimensions"), &g.spanDimensions)
	decode(standin.At(node, "registry", "external_labels"), &g.externalLabels)
	return g, err
}

// receiver: a protocol that is named without an endpoint listens on localhost only, since 2.7.
func receiver(root *yaml.Node, protocol, fallback string) string {
	protocols := standin.At(root, "distributor", "receivers", "otlp", "protocols")
	if standin.At(protocols, protocol) == nil {
		return ""
	}
	return standin.TextAt(protocols, fallback, protocol, "endpoint")
}

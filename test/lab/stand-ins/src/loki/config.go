package main

import (
	"errors"
	"net"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
	"hostwright/standin"
)

type config struct {
	listen     string
	pathPrefix string
	limits     limits
	yaml       string
}

// limits is what decides which entries are taken, and kept.
type limits struct {
	retention, oldest, chunkAge time.Duration
}

// The top level of Loki 3.4's configuration.
var known = strings.Fields(`analytics auth_enabled ballast_bytes bloom_build bloom_gateway chunk_store_config common
	compactor compactor_grpc_client distributor frontend frontend_worker index_gateway ingester ingester_client
	ingester_rf1 internal_server kafka_config limits_config memberlist metastore metrics_namespace operational_config
	pattern_ingester profiling querier querier_rf1 query_range query_scheduler ruler ruler_storage runtime_config
	schema_config server shutdown_delay storage_config table_manager target tracing block_builder block_scheduler
	http_prefix ui`)

func readConfig(path string) (*config, error) {
	root, err := standin.ReadYAML(path, "loki.ConfigWrapper", known)
	if err != nil {
		return nil, err
	}
	if standin.At(root, "schema_config", "configs") == nil {
		return nil, errors.New("CONFIG ERROR: invalid schema config: no schema configs found")
	}
	retained := standin.TextAt(root, "false", "compactor", "retention_enabled") == "true"
	if retained && standin.At(root, "compactor", "delete_request_store") == nil {
		return nil, errors.New("CONFIG ERROR: invalid compactor config: " +
			"compactor.delete-request-store should be configured when retention is enabled")
	}
	text, err := yaml.Marshal(root)
	if err != nil {
		return nil, err
	}
	limits, err := readLimits(root)
	c := &config{yaml: string(text), limits: limits, pathPrefix: standin.TextAt(root, "/loki", "common", "path_prefix")}
	c.listen = net.JoinHostPort(standin.TextAt(root, "", "server", "http_listen_address"),
		standin.TextAt(root, "3100", "server", "http_listen_port"))
	if !retained {
		c.limits.retention = 0
	}
	return c, err
}

func readLimits(root *yaml.Node) (limits, error) {
	var problem error
	at := func(fallback string, path ...string) time.Duration {
		duration, err := time.ParseDuration(standin.TextAt(root, fallback, path...))
		problem = errors.Join(problem, err)
		return duration
	}
	return limits{
		retention: at("0s", "limits_config", "retention_period"),
		oldest:    at("168h", "limits_config", "reject_old_samples_max_age"),
		chunkAge:  at("2h", "ingester", "max_chunk_age"),
	}, problem
}

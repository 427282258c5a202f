package main

import (
	"strings"

	"gopkg.in/yaml.v3"
	"hostwright/standin"
)

var clientKeys = strings.Fields(`url name batchwait batchsize timeout backoff_config external_labels tenant_id headers
	basic_auth tls_config bearer_token bearer_token_file proxy_url oauth2 follow_redirects enable_http2
	drop_rate_limited_batches`)

// checkClientKeys: a decoder inside UnmarshalYAML is not strict by itself.
func checkClientKeys(node *yaml.Node) error {
	if err := standin.CheckKeys(node, "client.raw", clientKeys); err != nil {
		return err
	}
	return standin.CheckKeys(standin.At(node, "backoff_config"), "backoff.Config", strings.Fields("min_period max_period max_retries"))
}

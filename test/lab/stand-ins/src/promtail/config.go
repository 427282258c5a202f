package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

type serverConfig struct {
	HTTPAddress string         `yaml:"http_listen_address"`
	HTTPPort    int            `yaml:"http_listen_port"`
	Others      map[string]any `yaml:",inline"`
}

type positionsConfig struct {
	Filename          string        `yaml:"filename"`
	SyncPeriod        time.Duration `yaml:"sync_period"`
	IgnoreInvalidYAML bool          `yaml:"ignore_invalid_yaml"`
}

type backoffConfig struct {
	MinPeriod  time.Duration `yaml:"min_period"`
	MaxPeriod  time.Duration `yaml:"max_period"`
	MaxRetries int           `yaml:"max_retries"`
}

type clientConfig struct {
	URL            string            `yaml:"url"`
	Name           string            `yaml:"name"`
	BatchWait      time.Duration     `yaml:"batchwait"`
	BatchSize      int               `yaml:"batchsize"`
	Timeout        time.Duration     `yaml:"timeout"`
	Backoff        backoffConfig     `yaml:"backoff_config"`
	ExternalLabels map[string]string `yaml:"external_labels"`
	TenantID       string            `yaml:"tenant_id"`
	Headers        map[string]string `yaml:"headers"`
	BasicAuth      struct {
		Username     string `yaml:"username"`
		Password     string `yaml:"password"`
		PasswordFile string `yaml:"password_file"`
	} `yaml:"basic_auth"`
	TLSConfig     map[string]any `yaml:"tls_config"`
	BearerToken   string         `yaml:"bearer_token"`
	ProxyURL      string         `yaml:"proxy_url"`
	DropRateLimit bool           `yaml:"drop_rate_limited_batches"`
}

type scrapeConfig struct {
	JobName string `yaml:"job_name"`
	Static  []struct {
		Targets []string          `yaml:"targets"`
		Labels  map[string]string `yaml:"labels"`
	} `yaml:"static_configs"`
	Stages         []yaml.Node `yaml:"pipeline_stages"`
	RelabelConfigs []any       `yaml:"relabel_configs"`
	Encoding       string      `yaml:"encoding"`
	Decompression  any         `yaml:"decompression"`
}

// byteSize is a number of bytes, or "256KB".
type byteSize int

type promtailConfig struct {
	Server    serverConfig    `yaml:"server"`
	Positions positionsConfig `yaml:"positions"`
	Client    *clientConfig   `yaml:"client"`
	Clients   []clientConfig  `yaml:"clients"`
	Scrapes   []scrapeConfig  `yaml:"scrape_configs"`
	Limits    struct {
		MaxLineSize         byteSize `yaml:"max_line_size"`
		MaxLineSizeTruncate bool     `yaml:"max_line_size_truncate"`
		ReadlineRate        float64  `yaml:"readline_rate"`
		ReadlineBurst       int      `yaml:"readline_burst"`
		ReadlineRateEnabled bool     `yaml:"readline_rate_enabled"`
		ReadlineRateDrop    bool     `yaml:"readline_rate_drop"`
		MaxStreams          int      `yaml:"max_streams"`
	} `yaml:"limits_config"`
	Global  map[string]any `yaml:"global"`
	Options map[string]any `yaml:"options"`
	Target  map[string]any `yaml:"target_config"`
	Tracing map[string]any `yaml:"tracing"`
	WAL     map[string]any `yaml:"wal"`
}

func (b *byteSize) UnmarshalYAML(node *yaml.Node) error {
	units := []struct {
		suffix string
		factor int
	}{{"KB", 1 << 10}, {"MB", 1 << 20}, {"GB", 1 << 30}, {"B", 1}, {"", 1}}
	for _, unit := range units {
		digits, hasSuffix := strings.CutSuffix(strings.ToUpper(node.Value), unit.suffix)
		if !hasSuffix {
			continue
		}
		n, err := strconv.Atoi(strings.TrimSpace(digits))
		*b = byteSize(n * unit.factor)
		return err
	}
	return nil
}

// readConfig refuses keys that nobody knows, and pipelines that cannot be built.
func readConfig(path string) (*promtailConfig, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	config := &promtailConfig{Positions: positionsConfig{Filename: "/var/log/positions.yaml", SyncPeriod: 10 * time.Second}}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(config); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if config.Client != nil {
		config.Clients = append(config.Clients, *config.Client)
	}
	if len(config.Clients) == 0 {
		return nil, errors.New("at least one client config must be provided")
	}
	for _, client := range config.Clients {
		if client.URL == "" {
			return nil, errors.New("client needs target URL")
		}
	}
	for _, job := range config.Scrapes {
		if _, err := newPipeline(job.Stages); err != nil {
			return nil, fmt.Errorf("job %s: %w", job.JobName, err)
		}
	}
	return config, nil
}

// UnmarshalYAML sets upstream's defaults first.
func (c *clientConfig) UnmarshalYAML(node *yaml.Node) error {
	type plain clientConfig
	value := plain{BatchWait: time.Second, BatchSize: 1 << 20, Timeout: 10 * time.Second}
	value.Backoff = backoffConfig{MinPeriod: 500 * time.Millisecond, MaxPeriod: 5 * time.Minute, MaxRetries: 10}
	if err := checkClientKeys(node); err != nil {
		return err
	}
	err := node.Decode(&value)
	*c = clientConfig(value)
	return err
}

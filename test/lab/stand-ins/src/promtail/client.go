package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"hostwright/standin"
)

const maxWaiting = 2000

// sink sends entries to every client, one batch after the other: a Loki that is away holds the tails up.
type sink struct {
	config  *promtailConfig
	metrics *metrics
	dryRun  bool
	waiting chan entry
	http    http.Client
}

func newSink(config *promtailConfig, metrics *metrics, dryRun bool) *sink {
	return &sink{config: config, metrics: metrics, dryRun: dryRun, waiting: make(chan entry, maxWaiting), http: trusting(config)}
}

// trusting returns a client that trusts what tls_config says; upstream reads the file when it connects as well.
func trusting(config *promtailConfig) http.Client {
	settings := &tls.Config{}
	for _, client := range config.Clients {
		if skip, isBool := client.TLSConfig["insecure_skip_verify"].(bool); isBool && skip {
			settings.InsecureSkipVerify = true
		}
		path, isGiven := client.TLSConfig["ca_file"].(string)
		if !isGiven {
			continue
		}
		if settings.RootCAs == nil {
			settings.RootCAs = x509.NewCertPool()
		}
		// One that cannot be read is one that verifies nothing.
		if text, err := os.ReadFile(path); err == nil {
			settings.RootCAs.AppendCertsFromPEM(text)
		}
	}
	return http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: settings, ForceAttemptHTTP2: true}}
}

// take waits where Loki is away, also while the program is to end, as upstream.
func (s *sink) take(entries []entry) {
	for _, e := range entries {
		if limit := int(s.config.Limits.MaxLineSize); limit > 0 && len(e.line) > limit {
			e.line = e.line[:limit]
		}
		s.waiting <- e
	}
}

// run sends what is taken, until nothing more will be.
func (s *sink) run() {
	for isOpen := true; isOpen; {
		var batch []entry
		if batch, isOpen = s.collect(); len(batch) == 0 {
			continue
		}
		for _, client := range s.config.Clients {
			s.deliver(client, batch)
		}
	}
}

// collect waits for a first entry, then takes what comes within the first client's batchwait.
func (s *sink) collect() (batch []entry, isOpen bool) {
	size := 0
	var over <-chan time.Time
	for {
		select {
		case e, isOpen := <-s.waiting:
			if !isOpen {
				return batch, false
			}
			if over == nil {
				over = time.After(s.config.Clients[0].BatchWait)
			}
			batch = append(batch, e)
			if size += len(e.line); size >= s.config.Clients[0].BatchSize {
				return batch, true
			}
		case <-over:
			return batch, true
		}
	}
}

// deliver tries until it is accepted, refused for good, or tried often enough (0 is for ever).
func (s *sink) deliver(client clientConfig, batch []entry) {
	if s.dryRun {
		for _, e := range batch {
			fmt.Printf("%s\t%v\t%v\t%s\n", e.time.UTC().Format(time.RFC3339Nano), withExternal(e, client), e.metadata, e.line)
		}
		return
	}
	host := client.URL
	if parsed, err := url.Parse(client.URL); err == nil {
		host = parsed.Host
	}
	wait := client.Backoff.MinPeriod
	for try := 1; ; try++ {
		status, err := s.send(client, batch)
		if err == nil {
			s.metrics.add("promtail_sent_entries_total", host, len(batch))
			return
		}
		isFinal := status/100 == 4 && status != http.StatusTooManyRequests
		if isFinal || (client.Backoff.MaxRetries > 0 && try >= client.Backoff.MaxRetries) {
			standin.Log("error", "final error sending batch, %d entries dropped: %v", len(batch), err)
			s.metrics.add("promtail_dropped_entries_total", host, len(batch))
			return
		}
		standin.Log("warn", "error sending batch, will retry: %v", err)
		time.Sleep(wait)
		wait = min(2*wait, client.Backoff.MaxPeriod)
	}
}

func (s *sink) send(client clientConfig, batch []entry) (int, error) {
	ctx, cancel := context.WithTimeout(context.Background(), client.Timeout)
	defer cancel()
	body, err := json.Marshal(map[string]any{"streams": streamsOf(batch, client)})
	if err != nil {
		return 0, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, client.URL, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "promtail/"+standin.Version+" (stand-in)")
	if err := authorize(request, client); err != nil {
		return 0, err
	}
	response, err := s.http.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if response.StatusCode/100 == 2 {
		return response.StatusCode, nil
	}
	said, err := io.ReadAll(io.LimitReader(response.Body, 1024))
	if err != nil {
		return response.StatusCode, err
	}
	return response.StatusCode, fmt.Errorf("server returned HTTP status %s: %s", response.Status, strings.TrimSpace(string(said)))
}

func authorize(request *http.Request, client clientConfig) error {
	for name, value := range client.Headers {
		request.Header.Set(name, value)
	}
	if client.TenantID != "" {
		request.Header.Set("X-Scope-OrgID", client.TenantID)
	}
	if client.BasicAuth.Username == "" {
		return nil
	}
	password := client.BasicAuth.Password
	if path := client.BasicAuth.PasswordFile; path != "" {
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		password = strings.TrimSpace(string(content))
	}
	request.SetBasicAuth(client.BasicAuth.Username, password)
	return nil
}

type pushStream struct {
	Stream map[string]string `json:"stream"`
	Values [][]any           `json:"values"`
}

func streamsOf(batch []entry, client clientConfig) []*pushStream {
	var streams []*pushStream
	places := map[string]*pushStream{}
	for _, e := range batch {
		labels := withExternal(e, client)
		key := fmt.Sprint(labels) // maps are printed in the order of their keys
		if places[key] == nil {
			places[key] = &pushStream{Stream: labels}
			streams = append(streams, places[key])
		}
		places[key].Values = append(places[key].Values, []any{text(e.time.UnixNano()), e.line, e.metadata})
	}
	return streams
}

func withExternal(e entry, client clientConfig) map[string]string {
	labels := maps.Clone(client.ExternalLabels)
	if labels == nil {
		labels = map[string]string{}
	}
	maps.Copy(labels, e.labels)
	return labels
}

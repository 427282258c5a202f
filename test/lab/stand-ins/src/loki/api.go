package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"hostwright/standin"
)

type api struct {
	store   *store
	config  *config
	started time.Time
}

func (a *api) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/ready", a.ready)
	mux.HandleFunc("/metrics", a.metrics)
	mux.HandleFunc("/config", func(w http.ResponseWriter, _ *http.Request) { standin.Text(w, 200, a.config.yaml) })
	mux.HandleFunc("POST /loki/api/v1/push", a.push)
	mux.HandleFunc("/loki/api/v1/query_range", a.queryRange)
	mux.HandleFunc("/loki/api/v1/query", a.queryInstant)
	mux.HandleFunc("/loki/api/v1/labels", a.labels)
	mux.HandleFunc("/loki/api/v1/label/{name}/values", a.labelValues)
	mux.HandleFunc("/loki/api/v1/status/buildinfo", func(w http.ResponseWriter, _ *http.Request) {
		standin.JSON(w, 200, map[string]string{"version": standin.Version, "branch": "stand-in"})
	})
	return mux
}

func (a *api) metrics(w http.ResponseWriter, _ *http.Request) {
	a.store.mutex.RLock()
	defer a.store.mutex.RUnlock()
	standin.Metrics(w, fmt.Sprintf("# TYPE loki_build_info gauge\nloki_build_info{version=%q,branch=\"stand-in\"} 1\n"+
		"# TYPE loki_distributor_lines_received_total counter\nloki_distributor_lines_received_total{tenant=\"fake\"} %d\n"+
		"# TYPE loki_ingester_memory_streams gauge\nloki_ingester_memory_streams{tenant=\"fake\"} %d\n",
		standin.Version, a.store.received, len(a.store.streams)))
}

type pushRequest struct {
	Streams []struct {
		Stream map[string]string   `json:"stream"`
		Values [][]json.RawMessage `json:"values"`
	} `json:"streams"`
}

var labelName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

func (a *api) push(w http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		standin.Text(w, http.StatusBadRequest, "this stand-in takes JSON only, not protobuf\n")
		return
	}
	records, err := readPush(r.Body)
	if err != nil {
		standin.Text(w, http.StatusBadRequest, err.Error()+"\n")
		return
	}
	refused, err := a.store.push(records)
	if err != nil {
		standin.Text(w, http.StatusInternalServerError, err.Error()+"\n")
		return
	}
	if refused != "" {
		standin.Text(w, http.StatusBadRequest, refused+"\n")
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func readPush(body io.Reader) ([]record, error) {
	var request pushRequest
	if err := json.NewDecoder(body).Decode(&request); err != nil {
		return nil, fmt.Errorf("couldn't parse push request: %w", err)
	}
	var records []record
	for _, s := range request.Streams {
		if len(s.Stream) == 0 {
			return nil, fmt.Errorf("error at least one label pair is required per stream")
		}
		for name := range s.Stream {
			if !labelName.MatchString(name) {
				return nil, fmt.Errorf("error parsing labels: %q is not a label name", name)
			}
		}
		addServiceName(s.Stream)
		for _, value := range s.Values {
			e, err := readValue(value)
			if err != nil {
				return nil, err
			}
			records = append(records, record{s.Stream, e})
		}
	}
	return records, nil
}

// readValue takes a third value: what belongs to the entry and to no label, its structured metadata.
func readValue(value []json.RawMessage) (entry, error) {
	var nanoseconds string
	var e entry
	if len(value) < 2 || json.Unmarshal(value[0], &nanoseconds) != nil || json.Unmarshal(value[1], &e.Line) != nil {
		return e, fmt.Errorf("couldn't parse push request: a value is [\"nanoseconds\", \"line\"]")
	}
	if len(value) > 2 && json.Unmarshal(value[2], &e.Metadata) != nil {
		return e, fmt.Errorf("couldn't parse push request: structured metadata is an object of texts")
	}
	at, err := strconv.ParseInt(nanoseconds, 10, 64)
	if err != nil {
		return e, fmt.Errorf("couldn't parse push request: %w", err)
	}
	e.Time = at
	return e, nil
}

// addServiceName adds what Loki adds: the first of the labels that name services.
func addServiceName(labels map[string]string) {
	if labels["service_name"] != "" {
		return
	}
	labels["service_name"] = "unknown_service"
	for _, name := range strings.Fields("service app application name container component workload job") {
		if labels[name] != "" {
			labels["service_name"] = labels[name]
			return
		}
	}
}

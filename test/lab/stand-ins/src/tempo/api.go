package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"hostwright/standin"
)

type api struct {
	store  *store
	config *config
}

func (a *api) routes() http.Handler {
	mux := http.NewServeMux()
	text := func(path, answer string) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { standin.Text(w, 200, answer) })
	}
	text("/ready", "ready\n")
	text("/api/echo", "echo")
	text("/status/config", "---\n"+a.config.yaml)
	text("/status/version", standin.Banner("tempo")+"\n")
	mux.HandleFunc("/api/traces/{id}", a.trace)
	mux.HandleFunc("/api/search", a.search)
	mux.HandleFunc("/metrics", a.metrics)
	return mux
}

func (a *api) otlpRoutes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/traces", func(w http.ResponseWriter, r *http.Request) {
		var request struct {
			ResourceSpans []resourceSpans `json:"resourceSpans"`
		}
		if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
			standin.Text(w, http.StatusUnsupportedMediaType, "this stand-in takes JSON only, not protobuf\n")
		} else if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
			standin.JSON(w, http.StatusBadRequest, map[string]any{"code": 3, "message": err.Error()})
		} else if err := a.store.push(request.ResourceSpans); err != nil {
			standin.JSON(w, http.StatusInternalServerError, map[string]any{"code": 13, "message": err.Error()})
		} else {
			standin.JSON(w, http.StatusOK, map[string]any{"partialSuccess": map[string]any{}})
		}
	})
	return mux
}

func (a *api) trace(w http.ResponseWriter, r *http.Request) {
	a.store.mutex.RLock()
	defer a.store.mutex.RUnlock()
	batches, isKnown := a.store.traces[pad(r.PathValue("id"))]
	if !isKnown {
		standin.Text(w, http.StatusNotFound, "")
		return
	}
	standin.JSON(w, http.StatusOK, map[string]any{"batches": batches})
}

type summary struct {
	TraceID string `json:"traceID"`
	Service string `json:"rootServiceName"`
	Name    string `json:"rootTraceName"`
	Start   string `json:"startTimeUnixNano"`
	Millis  int64  `json:"durationMs"`
}

var serviceQuery = regexp.MustCompile(`service\.name\s*=\s*"?([^"\s}]+)`)

// search lists the newest traces. Of a query it understands the service's name, and nothing else.
func (a *api) search(w http.ResponseWriter, r *http.Request) {
	wanted := ""
	if found := serviceQuery.FindStringSubmatch(r.FormValue("q") + " " + r.FormValue("tags")); found != nil {
		wanted = found[1]
	}
	limit, err := strconv.Atoi(r.FormValue("limit"))
	if err != nil {
		limit = 20
	}
	a.store.mutex.RLock()
	defer a.store.mutex.RUnlock()
	found := []summary{}
	for i := len(a.store.order) - 1; i >= 0 && len(found) < limit; i-- {
		id := a.store.order[i]
		if one := summarize(id, a.store.traces[id]); wanted == "" || one.Service == wanted {
			found = append(found, one)
		}
	}
	standin.JSON(w, http.StatusOK, map[string]any{"traces": found, "metrics": map[string]any{}})
}

// summarize leaves out leading zeros of the id, as upstream does.
func summarize(id string, batches []resourceSpans) summary {
	result := summary{TraceID: strings.TrimLeft(id, "0")}
	for _, batch := range batches {
		var s span
		if json.Unmarshal(batch.ScopeSpans[0].Spans[0], &s) != nil || (s.Parent != "" && result.Name != "") {
			continue
		}
		result.Service, result.Name, result.Start = batch.service(), s.Name, s.Start.String()
		start, startErr := s.Start.Int64()
		end, endErr := s.End.Int64()
		if startErr == nil && endErr == nil {
			result.Millis = (end - start) / 1e6
		}
	}
	return result
}

func (a *api) metrics(w http.ResponseWriter, _ *http.Request) {
	a.store.mutex.RLock()
	defer a.store.mutex.RUnlock()
	standin.Metrics(w, fmt.Sprintf("# TYPE tempo_build_info gauge\ntempo_build_info{version=%q,branch=\"stand-in\"} 1\n"+
		"# TYPE tempo_distributor_spans_received_total counter\ntempo_distributor_spans_received_total{tenant=\"single-tenant\"} %d\n",
		standin.Version, a.store.received))
}

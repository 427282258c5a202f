package main

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"

	"hostwright/standin"
)

type api struct {
	store     *store
	config    *config
	generator *generator
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

func (a *api) trace(w http.ResponseWriter, r *http.Request) {
	a.store.mutex.RLock()
	defer a.store.mutex.RUnlock()
	batches, isKnown := a.store.traces[pad(r.PathValue("id"))]
	if !isKnown {
		standin.Text(w, http.StatusNotFound, "")
		return
	}
	shown := []map[string]any{}
	for _, batch := range batches {
		shown = append(shown, showBatch(batch))
	}
	standin.JSON(w, http.StatusOK, map[string]any{"batches": shown})
}

// showBatch is a batch as upstream's JSON has it: ids in base64, names for numbers.
func showBatch(batch resourceSpans) map[string]any {
	scopes := []map[string]any{}
	for _, scope := range batch.ScopeSpans {
		spans := []map[string]any{}
		for _, s := range scope.Spans {
			spans = append(spans, showSpan(s))
		}
		scopes = append(scopes, map[string]any{"scope": scope.Scope, "spans": spans})
	}
	return map[string]any{"resource": batch.Resource, "scopeSpans": scopes}
}

func showSpan(s span) map[string]any {
	status := map[string]any{}
	if s.Status.Code != 0 {
		status["code"] = "STATUS_CODE_" + nameOf(statuses, s.Status.Code)
	}
	if s.Status.Message != "" {
		status["message"] = s.Status.Message
	}
	shown := map[string]any{
		"traceId": base64Of(s.TraceID), "spanId": base64Of(s.SpanID), "name": s.Name, "kind": "SPAN_KIND_" + nameOf(kinds, s.Kind),
		"startTimeUnixNano": s.Start, "endTimeUnixNano": s.End, "attributes": s.Attributes, "events": s.Events, "status": status,
	}
	if s.Parent != "" {
		shown["parentSpanId"] = base64Of(s.Parent)
	}
	return shown
}

func base64Of(id string) string {
	raw, err := hex.DecodeString(id)
	if err != nil {
		return id
	}
	return base64.StdEncoding.EncodeToString(raw)
}

func (a *api) metrics(w http.ResponseWriter, _ *http.Request) {
	a.store.mutex.RLock()
	defer a.store.mutex.RUnlock()
	standin.Metrics(w, fmt.Sprintf("# TYPE tempo_build_info gauge\ntempo_build_info{version=%q,branch=\"stand-in\"} 1\n"+
		"# TYPE tempo_distributor_spans_received_total counter\ntempo_distributor_spans_received_total{tenant=\"single-tenant\"} %d\n",
		standin.Version, a.store.received))
}

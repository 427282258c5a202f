package main

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// What Tempo's metrics-generator makes of spans: who calls whom, and how often and how long.

const (
	// An edge waits so long for its other half.
	edgeWait = 10 * time.Second
	// Older spans make no metrics.
	slack = 30 * time.Second
)

var (
	edgeBuckets = exponential(0.1, 8)
	spanBuckets = exponential(0.002, 14)
	// By these a client names whom it calls when that one sends no traces.
	peerKeys     = []string{"peer.service", "db.name", "db.system"}
	databaseKeys = []string{"db.namespace", "db.name", "db.system"}
	addressKeys  = []string{"peer.service", "server.address", "network.peer.address"}
)

type edge struct {
	client, server, connection, peer string
	clientSeconds, serverSeconds     float64
	failed, isRoot                   bool
	dimensions                       map[string]string
	traceID                          string
	expires                          time.Time
}

type generator struct {
	mutex    sync.Mutex
	config   generatorConfig
	registry *registry
	edges    map[string]*edge
}

func newGenerator(config generatorConfig) *generator {
	return &generator{config: config, registry: newRegistry(config.externalLabels), edges: map[string]*edge{}}
}

func (g *generator) consume(batches []resourceSpans) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	oldest := nano(time.Now().Add(-slack).UnixNano())
	for i := range batches {
		for _, scope := range batches[i].ScopeSpans {
			for j := range scope.Spans {
				if s := &scope.Spans[j]; s.End >= oldest {
					g.take(&batches[i], s)
				}
			}
		}
	}
}

func (g *generator) take(batch *resourceSpans, s *span) {
	if slices.Contains(g.config.processors, "span-metrics") {
		g.countSpan(batch, s)
	}
	if slices.Contains(g.config.processors, "service-graphs") && batch.service() != "" {
		g.joinEdge(batch, s)
	}
}

func (g *generator) countSpan(batch *resourceSpans, s *span) {
	labels := map[string]string{
		"service": batch.service(), "span_name": s.Name, "span_kind": "SPAN_KIND_" + nameOf(kinds, s.Kind),
		"status_code": "STATUS_CODE_" + nameOf(statuses, s.Status.Code),
	}
	for key, value := range dimensionsOf(g.config.spanDimensions, batch, s) {
		labels[labelName(key)] = value
	}
	g.registry.add("traces_spanmetrics_calls_total", labels, 1)
	g.registry.observe("traces_spanmetrics_latency", labels, spanBuckets, s.seconds(), s.TraceID)
}

// joinEdge: a client's span and the server's span below it are one call.
func (g *generator) joinEdge(batch *resourceSpans, s *span) {
	isClient := s.Kind == kindClient || s.Kind == kindProducer
	if !isClient && s.Kind != kindServer && s.Kind != kindConsumer {
		return
	}
	key := s.TraceID + "-" + s.Parent
	if isClient {
		key = s.TraceID + "-" + s.SpanID
	}
	e := g.edges[key]
	if e == nil {
		e = &edge{dimensions: map[string]string{}, expires: time.Now().Add(edgeWait)}
		g.edges[key] = e
	}
	e.traceID, e.failed = s.TraceID, e.failed || s.Status.Code == statusError
	if s.Kind == kindProducer || s.Kind == kindConsumer {
		e.connection = "messaging_system"
	}
	for name, value := range dimensionsOf(g.config.graphDimensions, batch, s) {
		e.dimensions[name] = value
	}
	if peer := firstOf(peerKeys, s.Attributes); peer != "" {
		e.peer = peer
	}
	if isClient {
		e.client, e.clientSeconds = batch.service(), s.seconds()
		e.database(batch, s)
	} else {
		e.server, e.serverSeconds, e.isRoot = batch.service(), s.seconds(), s.Parent == ""
	}
	if e.client != "" && e.server != "" {
		g.complete(key, e)
	}
}

// database: who is asked for data sends no traces of its own, and is known by what the client says.
func (e *edge) database(batch *resourceSpans, s *span) {
	name := firstOf(databaseKeys, batch.Resource.Attributes, s.Attributes)
	if name == "" {
		return
	}
	e.connection, e.serverSeconds, e.server = "database", s.seconds(), name
	if address := firstOf(addressKeys, batch.Resource.Attributes, s.Attributes); address != "" {
		e.server = address
	}
}

// expire ends the waiting for the other half: from outside came a request that is nobody's, to outside went one that names whom.
func (g *generator) expire(now time.Time) {
	for key, e := range g.edges {
		switch {
		case now.Before(e.expires):
			continue
		case e.client == "" && e.isRoot:
			if e.client = "user"; e.peer != "" {
				e.client = e.peer
			}
			e.connection = "virtual_node"
			g.complete(key, e)
		case e.server == "" && e.peer != "":
			e.server, e.connection = e.peer, "virtual_node"
			g.complete(key, e)
		default:
			delete(g.edges, key)
		}
	}
}

func (g *generator) complete(key string, e *edge) {
	delete(g.edges, key)
	labels := map[string]string{"client": e.client, "server": e.server, "connection_type": e.connection}
	for name, value := range e.dimensions {
		labels[labelName(name)] = value
	}
	const name = "traces_service_graph_request_"
	g.registry.add(name+"total", labels, 1)
	if e.failed {
		g.registry.add(name+"failed_total", labels, 1)
	}
	g.registry.observe(name+"server_seconds", labels, edgeBuckets, e.serverSeconds, e.traceID)
	g.registry.observe(name+"client_seconds", labels, edgeBuckets, e.clientSeconds, e.traceID)
}

func dimensionsOf(names []string, batch *resourceSpans, s *span) map[string]string {
	found := map[string]string{}
	for _, name := range names {
		if value := firstOf([]string{name}, batch.Resource.Attributes, s.Attributes); value != "" {
			found[name] = value
		}
	}
	return found
}

// firstOf is the value of the first of these keys that any of the lists has.
func firstOf(keys []string, lists ...attributes) string {
	for _, key := range keys {
		for _, list := range lists {
			if value := list.text(key); value != "" {
				return value
			}
		}
	}
	return ""
}

func labelName(key string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, key)
}

func exponential(first float64, count int) []float64 {
	bounds := []float64{}
	for i := 0; i < count; i++ {
		bounds = append(bounds, first*float64(int(1)<<i))
	}
	return bounds
}

package main

import (
	"maps"
	"slices"
	"strconv"
	"time"
)

type exemplar struct {
	traceID string
	value   float64
}

type series struct {
	labels   map[string]string
	value    float64
	isOld    bool
	exemplar *exemplar
}

// registry holds counters and histograms by their name and labels.
type registry struct {
	external map[string]string
	series   map[string]*series
}

func newRegistry(external map[string]string) *registry {
	return &registry{external: external, series: map[string]*series{}}
}

func (r *registry) add(name string, labels map[string]string, value float64) *series {
	all := map[string]string{"__name__": name}
	maps.Copy(all, r.external)
	for key, value := range labels {
		// For Prometheus an empty label is none.
		if value != "" {
			all[key] = value
		}
	}
	key := ""
	for _, name := range slices.Sorted(maps.Keys(all)) {
		key += name + "\xff" + all[name] + "\xff"
	}
	found := r.series[key]
	if found == nil {
		found = &series{labels: all}
		r.series[key] = found
	}
	found.value += value
	return found
}

func (r *registry) observe(name string, labels map[string]string, buckets []float64, value float64, traceID string) {
	r.add(name+"_sum", labels, value)
	r.add(name+"_count", labels, 1)
	isPlaced := false
	bucket := func(bound string, holds bool) {
		with := maps.Clone(labels)
		with["le"] = bound
		one := r.add(name+"_bucket", with, map[bool]float64{true: 1}[holds])
		if holds && !isPlaced {
			one.exemplar, isPlaced = &exemplar{traceID, value}, true
		}
	}
	for _, bound := range buckets {
		bucket(strconv.FormatFloat(bound, 'g', -1, 64), value <= bound)
	}
	bucket("+Inf", true)
}

// collect is all of it as a remote write has it.
func (r *registry) collect(now time.Time, interval time.Duration) []byte {
	var request []byte
	for _, one := range r.series {
		request = appendMessage(request, 1, encodeSeries(one, now, interval))
	}
	return request
}

// written: what was sent need not be sent as new again.
func (r *registry) written() {
	for _, one := range r.series {
		one.isOld, one.exemplar = true, nil
	}
}

func encodeSeries(s *series, now time.Time, interval time.Duration) []byte {
	var out []byte
	for _, name := range slices.Sorted(maps.Keys(s.labels)) {
		out = appendMessage(out, 1, encodeLabel(name, s.labels[name]))
	}
	// A counter that begins with its first value has not grown: it begins with 0, a little earlier.
	if !s.isOld {
		out = appendMessage(out, 2, encodeSample(nil, 0, now.Add(-interval)))
	}
	out = appendMessage(out, 2, encodeSample(nil, s.value, now))
	if s.exemplar != nil {
		label := appendMessage(nil, 1, encodeLabel("traceID", s.exemplar.traceID))
		out = appendMessage(out, 3, encodeExemplar(label, s.exemplar.value, now))
	}
	return out
}

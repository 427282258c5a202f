package main

import (
	"fmt"
	"net/http"
	"sort"
	"strconv"
	"strings"

	"hostwright/standin"
)

const (
	defaultTraces = 20
	// Of each trace this many of the spans that were found are shown.
	shownSpans = 3
)

// trace is what a search knows of one trace as a whole.
type trace struct {
	id, rootService, rootName string
	start, end                nano
	batches                   []resourceSpans
}

func (t *trace) seconds() float64 {
	return span{Start: t.start, End: t.end}.seconds()
}

func overall(id string, batches []resourceSpans) *trace {
	t := &trace{id: id, rootService: "<root span not yet received>", batches: batches}
	t.each(func(batch *resourceSpans, s *span) {
		if t.start == 0 || s.Start < t.start {
			t.start = s.Start
		}
		t.end = max(t.end, s.End)
		if s.Parent == "" {
			t.rootService, t.rootName = batch.service(), s.Name
		}
	})
	return t
}

func (t *trace) each(take func(batch *resourceSpans, s *span)) {
	for i := range t.batches {
		for _, scope := range t.batches[i].ScopeSpans {
			for j := range scope.Spans {
				take(&t.batches[i], &scope.Spans[j])
			}
		}
	}
}

// search lists the newest traces that have a span of the query's, in the time asked for.
func (a *api) search(w http.ResponseWriter, r *http.Request) {
	find, limits, err := readSearch(r)
	if err != nil {
		standin.Text(w, http.StatusBadRequest, err.Error()+"\n")
		return
	}
	a.store.mutex.RLock()
	defer a.store.mutex.RUnlock()
	found := []map[string]any{}
	for _, t := range a.store.newest(limits.start, limits.end) {
		if summary := summarize(t, find); summary != nil && len(found) < limits.traces {
			found = append(found, summary)
		}
	}
	standin.JSON(w, http.StatusOK, map[string]any{"traces": found, "metrics": map[string]any{"inspectedTraces": len(a.store.order)}})
}

type searchLimits struct {
	start, end nano
	traces     int
}

func readSearch(r *http.Request) (matcher, searchLimits, error) {
	limits := searchLimits{traces: defaultTraces}
	for _, name := range []string{"tags", "minDuration", "maxDuration"} {
		if r.FormValue(name) != "" {
			return nil, limits, fmt.Errorf("%s is not understood by this stand-in: ask by q", name)
		}
	}
	for name, set := range map[string]func(uint64){
		"start": func(seconds uint64) { limits.start = nano(seconds * 1e9) },
		"end":   func(seconds uint64) { limits.end = nano(seconds * 1e9) },
		"limit": func(count uint64) { limits.traces = int(count) },
	} {
		if text := r.FormValue(name); text != "" {
			number, err := strconv.ParseUint(text, 10, 63)
			if err != nil {
				return nil, limits, fmt.Errorf("invalid %s: must be a whole number, not %q", name, text)
			}
			set(number)
		}
	}
	query := r.FormValue("q")
	if query == "" {
		query = "{}"
	}
	find, err := parseTraceQL(query)
	return find, limits, err
}

// newest returns the traces of that time, the youngest first; without an end it lasts until now.
func (s *store) newest(start, end nano) []*trace {
	found := []*trace{}
	for _, id := range s.order {
		if t := overall(id, s.traces[id]); t.end >= start && (end == 0 || t.start <= end) {
			found = append(found, t)
		}
	}
	sort.SliceStable(found, func(i, j int) bool { return found[i].start > found[j].start })
	return found
}

// summarize is one line of the answer; nil if no span of the trace is meant.
func summarize(t *trace, find matcher) map[string]any {
	spans, matched := []map[string]any{}, 0
	t.each(func(batch *resourceSpans, s *span) {
		if !find(t, batch, s) {
			return
		}
		if matched++; len(spans) < shownSpans {
			spans = append(spans, map[string]any{
				"spanID": s.SpanID, "name": s.Name, "startTimeUnixNano": s.Start, "durationNanos": strconv.FormatUint(uint64(s.End-s.Start), 10),
			})
		}
	})
	if matched == 0 {
		return nil
	}
	set := map[string]any{"spans": spans, "matched": matched}
	return map[string]any{
		// Without leading zeros, as upstream.
		"traceID": strings.TrimLeft(t.id, "0"), "rootServiceName": t.rootService, "rootTraceName": t.rootName,
		"startTimeUnixNano": t.start, "durationMs": int64(t.seconds() * 1000), "spanSet": set, "spanSets": []any{set},
	}
}

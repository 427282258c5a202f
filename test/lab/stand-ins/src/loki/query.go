package main

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"hostwright/logql"
	"hostwright/standin"
)

const defaultLimit = 100

type streamResult struct {
	Stream map[string]string `json:"stream"`
	Values [][2]string       `json:"values"`
}

type sample struct {
	Metric map[string]string `json:"metric"`
	Value  [2]any            `json:"value"`
}

func answer(w http.ResponseWriter, resultType string, result any) {
	data := map[string]any{"resultType": resultType, "result": result, "stats": map[string]any{}}
	standin.JSON(w, http.StatusOK, map[string]any{"status": "success", "data": data})
}

func (a *api) queryRange(w http.ResponseWriter, r *http.Request) {
	query, err := logql.Parse(r.FormValue("query"))
	if err != nil {
		standin.Text(w, http.StatusBadRequest, err.Error()+"\n")
		return
	}
	now := time.Now()
	end := readTime(r.FormValue("end"), now)
	start := readTime(r.FormValue("start"), end.Add(-sinceOf(r.FormValue("since"))))
	limit, err := strconv.Atoi(r.FormValue("limit"))
	if err != nil {
		limit = defaultLimit
	}
	answer(w, "streams", a.store.find(query, search{start.UnixNano(), end.UnixNano(), limit, r.FormValue("direction") != "forward"}))
}

type search struct {
	start, end int64
	limit      int
	backward   bool
}

// find returns at most limit entries over all streams, the newest (or the oldest) of them.
func (s *store) find(query logql.Query, by search) []streamResult {
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	var hits []record
	for _, candidate := range s.streams {
		if !query.Selects(candidate.labels) {
			continue
		}
		for _, e := range candidate.entries {
			if e.Time >= by.start && e.Time < by.end && query.Keeps(e.Line) {
				hits = append(hits, record{candidate.labels, e})
			}
		}
	}
	slices.SortStableFunc(hits, func(a, b record) int {
		if by.backward {
			a, b = b, a
		}
		return cmp.Compare(a.Time, b.Time)
	})
	return groupByStream(hits[:min(len(hits), by.limit)])
}

func groupByStream(hits []record) []streamResult {
	results := []streamResult{}
	places := map[string]int{}
	for _, hit := range hits {
		// Structured metadata is shown among the labels, as upstream does unless asked not to.
		labels := maps.Clone(hit.Labels)
		maps.Copy(labels, hit.Metadata)
		key := keyOf(labels)
		place, isKnown := places[key]
		if !isKnown {
			place = len(results)
			places[key] = place
			results = append(results, streamResult{Stream: labels})
		}
		results[place].Values = append(results[place].Values, [2]string{strconv.FormatInt(hit.Time, 10), hit.Line})
	}
	return results
}

func (a *api) queryInstant(w http.ResponseWriter, r *http.Request) {
	text := r.FormValue("query")
	at := readTime(r.FormValue("time"), time.Now())
	// What Grafana asks to see whether a data source works.
	if strings.ReplaceAll(text, " ", "") == "vector(1)+vector(1)" {
		answer(w, "vector", []sample{{map[string]string{}, [2]any{at.Unix(), "2"}}})
		return
	}
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		a.queryRange(w, r)
		return
	}
	count, err := logql.ParseCount(text)
	if err != nil {
		standin.Text(w, http.StatusBadRequest, err.Error()+"\n")
		return
	}
	answer(w, "vector", a.store.countOver(count, at))
}

func (s *store) countOver(count logql.Count, at time.Time) []sample {
	all := search{at.Add(-count.Window).UnixNano(), at.UnixNano() + 1, maxEntries, false}
	totals := map[string]int{}
	metrics := map[string]map[string]string{}
	for _, found := range s.find(count.Query, all) {
		labels := found.Stream
		if count.Summed {
			labels = map[string]string{}
			for _, name := range count.By {
				labels[name] = found.Stream[name]
			}
		}
		metrics[keyOf(labels)] = labels
		totals[keyOf(labels)] += len(found.Values)
	}
	samples := []sample{}
	for key, total := range totals {
		samples = append(samples, sample{metrics[key], [2]any{at.Unix(), strconv.Itoa(total)}})
	}
	return samples
}

func (a *api) labels(w http.ResponseWriter, _ *http.Request) {
	a.list(w, func(labels map[string]string, add func(string)) {
		for name := range labels {
			add(name)
		}
	})
}

func (a *api) labelValues(w http.ResponseWriter, r *http.Request) {
	a.list(w, func(labels map[string]string, add func(string)) {
		if value := labels[r.PathValue("name")]; value != "" {
			add(value)
		}
	})
}

func (a *api) list(w http.ResponseWriter, collect func(map[string]string, func(string))) {
	a.store.mutex.RLock()
	defer a.store.mutex.RUnlock()
	found := []string{}
	for _, s := range a.store.streams {
		collect(s.labels, func(text string) { found = append(found, text) })
	}
	slices.Sort(found)
	standin.JSON(w, http.StatusOK, map[string]any{"status": "success", "data": slices.Compact(found)})
}

// readTime takes nanoseconds, seconds or RFC 3339, as Loki does.
func readTime(text string, fallback time.Time) time.Time {
	if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return at
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		if len(text) <= 10 {
			return time.Unix(n, 0)
		}
		return time.Unix(0, n)
	}
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		return time.UnixMicro(int64(seconds * 1e6))
	}
	return fallback
}

func sinceOf(text string) time.Duration {
	if since, err := time.ParseDuration(text); err == nil {
		return since
	}
	return time.Hour
}

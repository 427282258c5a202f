package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"strings"
	"sync"
)

const maxTraces = 20_000

type attribute struct {
	Key   string         `json:"key"`
	Value map[string]any `json:"value"`
}

type span struct {
	TraceID string `json:"traceId"`
	Parent  string `json:"parentSpanId"`
	Name    string `json:"name"`
	// Clients send text or numbers.
	Start json.Number `json:"startTimeUnixNano"`
	End   json.Number `json:"endTimeUnixNano"`
}

type scopeSpans struct {
	Scope json.RawMessage   `json:"scope,omitempty"`
	Spans []json.RawMessage `json:"spans"`
}

type resourceSpans struct {
	Resource struct {
		Attributes []attribute `json:"attributes"`
	} `json:"resource"`
	ScopeSpans []scopeSpans `json:"scopeSpans"`
}

func (r resourceSpans) service() string {
	for _, a := range r.Resource.Attributes {
		if name, isText := a.Value["stringValue"].(string); isText && a.Key == "service.name" {
			return name
		}
	}
	return ""
}

// store keeps traces in memory, and in a file that is read at the next start.
type store struct {
	mutex    sync.RWMutex
	traces   map[string][]resourceSpans
	order    []string
	file     *os.File
	received int
}

func openStore(path string) (*store, error) {
	s := &store{traces: map[string][]resourceSpans{}}
	if err := s.load(path); err != nil {
		return nil, err
	}
	var err error
	s.file, err = os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
	return s, err
}

func (s *store) load(path string) error {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var batch resourceSpans
		// A last line that a crash cut off is no reason not to start.
		if json.Unmarshal(lines.Bytes(), &batch) == nil {
			s.insert(batch)
		}
	}
	return lines.Err()
}

func (s *store) push(batches []resourceSpans) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, batch := range batches {
		text, err := json.Marshal(batch)
		if err != nil {
			return err
		}
		if _, err := s.file.Write(append(text, '\n')); err != nil {
			return err
		}
		s.insert(batch)
	}
	return nil
}

// insert files every span under its trace, with its resource around it.
func (s *store) insert(batch resourceSpans) {
	for _, scope := range batch.ScopeSpans {
		for _, raw := range scope.Spans {
			var found span
			if json.Unmarshal(raw, &found) != nil || found.TraceID == "" {
				continue
			}
			id := pad(found.TraceID)
			if _, isKnown := s.traces[id]; !isKnown {
				s.order = append(s.order, id)
			}
			one := resourceSpans{Resource: batch.Resource}
			one.ScopeSpans = []scopeSpans{{Scope: scope.Scope, Spans: []json.RawMessage{raw}}}
			s.traces[id] = append(s.traces[id], one)
			s.received++
		}
	}
	for len(s.order) > maxTraces {
		delete(s.traces, s.order[0])
		s.order = s.order[1:]
	}
}

func (s *store) close() error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return errors.Join(s.file.Sync(), s.file.Close())
}

func pad(id string) string {
	return strings.Repeat("0", max(0, 32-len(id))) + strings.ToLower(id)
}

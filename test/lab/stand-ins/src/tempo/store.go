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

const (
	maxTraces = 5_000
	// The file is written anew, with what is kept, when it has grown by this.
	maxFileBytes = 64 << 20
)

// store keeps traces in memory, and in a file that is read at the next start.
type store struct {
	mutex    sync.RWMutex
	traces   map[string][]resourceSpans
	order    []string
	path     string
	file     *os.File
	size     int
	received int
}

func openStore(path string) (*store, error) {
	s := &store{traces: map[string][]resourceSpans{}, path: path}
	if err := s.load(path); err != nil {
		return nil, err
	}
	return s, s.rewrite()
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

// rewrite leaves a file of what is kept, open at its end.
func (s *store) rewrite() error {
	staged, err := os.OpenFile(s.path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	if s.file != nil {
		s.file.Close()
	}
	s.file, s.size = staged, 0
	for _, id := range s.order {
		if err := s.write(s.traces[id]); err != nil {
			return err
		}
	}
	s.size = 0
	return os.Rename(s.path+".new", s.path)
}

func (s *store) write(batches []resourceSpans) error {
	for _, batch := range batches {
		text, err := json.Marshal(batch)
		if err != nil {
			return err
		}
		n, err := s.file.Write(append(text, '\n'))
		s.size += n
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *store) push(batches []resourceSpans) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if err := s.write(batches); err != nil {
		return err
	}
	for _, batch := range batches {
		s.insert(batch)
	}
	if s.size > maxFileBytes {
		return s.rewrite()
	}
	return nil
}

// insert files every span under its trace, with its resource around it.
func (s *store) insert(batch resourceSpans) {
	for _, scope := range batch.ScopeSpans {
		for _, found := range scope.Spans {
			if found.TraceID == "" {
				continue
			}
			id := pad(found.TraceID)
			if _, isKnown := s.traces[id]; !isKnown {
				s.order = append(s.order, id)
			}
			one := resourceSpans{Resource: batch.Resource, ScopeSpans: []scopeSpans{{Scope: scope.Scope, Spans: []span{found}}}}
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

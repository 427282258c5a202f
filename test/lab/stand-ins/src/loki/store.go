package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	maxEntries = 300_000
	// Upstream's default of creation_grace_period.
	creationGrace = 10 * time.Minute
)

type entry struct {
	Time     int64             `json:"t"`
	Line     string            `json:"l"`
	Metadata map[string]string `json:"m,omitempty"`
}

type record struct {
	Labels map[string]string `json:"s"`
	entry
}

type stream struct {
	labels  map[string]string
	entries []entry
}

// store keeps all entries in memory, and in a file that is read at the next start.
type store struct {
	mutex    sync.RWMutex
	streams  map[string]*stream
	file     *os.File
	count    int
	received int
	limits   limits
}

func openStore(path string, limits limits) (*store, error) {
	s := &store{streams: map[string]*stream{}, limits: limits}
	if err := s.load(path, limits.retention); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o640)
	if err != nil {
		return nil, err
	}
	s.file = file
	for _, kept := range s.streams {
		for _, e := range kept.entries {
			if err := s.write(record{kept.labels, e}); err != nil {
				return nil, err
			}
		}
	}
	return s, os.Rename(path+".new", path)
}

// load leaves out what is beyond the retention, and a last line that a crash cut off.
func (s *store) load(path string, retention time.Duration) error {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		var r record
		if json.Unmarshal(lines.Bytes(), &r) != nil {
			continue
		}
		if retention == 0 || time.Since(time.Unix(0, r.Time)) < retention {
			s.insert(r)
		}
	}
	return lines.Err()
}

// push says which entry it refused last, if any: the others are stored, as upstream.
func (s *store) push(records []record) (refused string, err error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, r := range records {
		s.received++
		if reason := s.refusal(r); reason != "" {
			refused = fmt.Sprintf("entry for stream '%s' has timestamp %s: %s", keyOf(r.Labels), time.Unix(0, r.Time).UTC(), reason)
			continue
		}
		if !s.insert(r) {
			continue
		}
		if err := s.write(r); err != nil {
			return "", err
		}
	}
	return refused, nil
}

// refusal: too old, yet to come, or too far behind the newest of its stream; a stream's newest is known as long as the process runs.
func (s *store) refusal(r record) string {
	at, limits := time.Unix(0, r.Time), s.limits
	if limits.oldest > 0 && time.Since(at) > limits.oldest {
		return "timestamp too old"
	}
	if time.Until(at) > creationGrace {
		return "timestamp too new"
	}
	if of := s.streams[keyOf(r.Labels)]; of != nil && limits.chunkAge > 0 && len(of.entries) > 0 {
		if newest := of.entries[len(of.entries)-1].Time; r.Time < newest-int64(limits.chunkAge/2) {
			return "entry too far behind"
		}
	}
	return ""
}

func (s *store) write(r record) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	_, err = s.file.Write(append(text, '\n'))
	return err
}

// insert drops what the stream has already, as Loki does: the same line at the same nanosecond.
func (s *store) insert(r record) bool {
	key := keyOf(r.Labels)
	target := s.streams[key]
	if target == nil {
		target = &stream{labels: r.Labels}
		s.streams[key] = target
	}
	place, _ := slices.BinarySearchFunc(target.entries, r.Time, func(e entry, t int64) int { return cmp.Compare(e.Time, t) })
	for i := place; i < len(target.entries) && target.entries[i].Time == r.Time; i++ {
		if target.entries[i].Line == r.Line {
			return false
		}
	}
	target.entries = slices.Insert(target.entries, place, r.entry)
	if s.count++; s.count > maxEntries {
		target.entries = target.entries[1:]
		s.count--
	}
	return true
}

func (s *store) close() error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return errors.Join(s.file.Sync(), s.file.Close())
}

func keyOf(labels map[string]string) string {
	var pairs []string
	for name, value := range labels {
		pairs = append(pairs, fmt.Sprintf("%s=%q", name, value))
	}
	slices.Sort(pairs)
	return "{" + strings.Join(pairs, ", ") + "}"
}

package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"hostwright/standin"
)

type metrics struct {
	mutex  sync.Mutex
	values map[string]int
}

func newMetrics() *metrics {
	m := &metrics{values: map[string]int{}}
	m.add("promtail_files_active_total", "", 0)
	return m
}

// add counts under a name, and a value of the name's one label if it has one.
func (m *metrics) add(name, value string, n int) {
	label := map[string]string{
		"promtail_read_lines_total": "path", "promtail_sent_entries_total": "host", "promtail_dropped_entries_total": "host",
	}[name]
	if label != "" {
		name = fmt.Sprintf("%s{%s=%q}", name, label, value)
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.values[name] += n
}

func (m *metrics) text() string {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	lines := []string{fmt.Sprintf("promtail_build_info{version=%q,branch=\"stand-in\"} 1\n", standin.Version)}
	for name, n := range m.values {
		lines = append(lines, fmt.Sprintf("%s %d\n", name, n))
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

func text(n int64) string { return strconv.FormatInt(n, 10) }

// number is 0 for what is none: the file is read from its beginning then, as upstream.
func number(digits string) int64 {
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

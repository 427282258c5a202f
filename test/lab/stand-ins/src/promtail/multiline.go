package main

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
	"hostwright/standin"
)

// multiline joins lines into blocks: a block begins with a line that matches firstline.
type multiline struct {
	first    *regexp.Regexp
	maxWait  time.Duration
	maxLines int

	hasBegun bool
	block    entry
	lines    []string
	touched  time.Time
}

func newMultiline(node *yaml.Node) (stage, error) {
	config := struct {
		FirstLine string        `yaml:"firstline"`
		MaxWait   time.Duration `yaml:"max_wait_time"`
		MaxLines  int           `yaml:"max_lines"`
		Trim      bool          `yaml:"trim"`
	}{MaxWait: 3 * time.Second, MaxLines: 128}
	if err := standin.CheckKeys(node, "stages.MultilineConfig", strings.Fields("firstline max_wait_time max_lines trim")); err != nil {
		return nil, err
	}
	if err := node.Decode(&config); err != nil {
		return nil, err
	}
	if config.FirstLine == "" {
		return nil, fmt.Errorf("multiline stage config must define `firstline` regular expression")
	}
	first, err := regexp.Compile(config.FirstLine)
	return &multiline{first: first, maxWait: config.MaxWait, maxLines: config.MaxLines}, err
}

func (m *multiline) process(e entry) []entry {
	var out []entry
	isFirst := m.first.MatchString(e.line)
	if !isFirst && !m.hasBegun {
		return []entry{e} // before the first block every line is its own entry, as upstream
	}
	if isFirst {
		out = m.end()
		m.hasBegun = true
	}
	if len(m.lines) == 0 {
		m.block = e
	}
	m.lines = append(m.lines, e.line)
	m.touched = time.Now()
	if len(m.lines) >= m.maxLines {
		out = append(out, m.end()...)
	}
	return out
}

func (m *multiline) end() []entry {
	if len(m.lines) == 0 {
		return nil
	}
	block := m.block
	block.line = strings.Join(m.lines, "\n")
	m.lines = nil
	return []entry{block}
}

func (m *multiline) flush(now time.Time) []entry {
	if len(m.lines) > 0 && now.Sub(m.touched) >= m.maxWait {
		return m.end()
	}
	return nil
}

package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
	"hostwright/logql"
	"hostwright/standin"
)

// entry is one line, or one block of lines, on its way to Loki.
type entry struct {
	labels    map[string]string
	extracted map[string]any
	metadata  map[string]string
	time      time.Time
	line      string
}

// stage hands on nothing, the entry, or several. flush says that time has passed, or that all must go.
type stage interface {
	process(entry) []entry
	flush(now time.Time) []entry
}

type pipeline []stage

func (p pipeline) process(e entry) []entry { return p.from(0, []entry{e}) }

func (p pipeline) from(first int, entries []entry) []entry {
	for _, s := range p[first:] {
		var next []entry
		for _, e := range entries {
			next = append(next, s.process(e)...)
		}
		entries = next
	}
	return entries
}

func (p pipeline) flush(now time.Time) []entry {
	var out []entry
	for i, s := range p {
		out = append(out, p.from(i+1, s.flush(now))...)
	}
	return out
}

// Stages of upstream that the stand-in accepts and leaves out.
var leftOut = strings.Fields(`cri decolorize docker eventlogmessage geoip labelallow limit logfmt metrics non_indexed_labels output pack
	replace sampling tenant windowsevent`)

func newPipeline(nodes []yaml.Node) (pipeline, error) {
	var stages pipeline
	for i := range nodes {
		node := &nodes[i]
		if node.Kind != yaml.MappingNode || len(node.Content) != 2 {
			return nil, fmt.Errorf("line %d: pipeline stage must contain only one key", node.Line)
		}
		made, err := newStage(node.Content[0].Value, node.Content[1])
		if err != nil {
			return nil, fmt.Errorf("line %d: invalid %s stage config: %w", node.Line, node.Content[0].Value, err)
		}
		stages = append(stages, made)
	}
	return stages, nil
}

func newStage(name string, node *yaml.Node) (stage, error) {
	switch name {
	case "multiline":
		return newMultiline(node)
	case "match":
		return newMatch(node)
	case "json":
		return newJSON(node)
	case "labels":
		return newLabels(node)
	case "labeldrop":
		return newLabelDrop(node)
	case "structured_metadata":
		return newMetadata(node)
	case "regex":
		return newRegex(node)
	case "template":
		return newTemplate(node)
	case "timestamp":
		return newTimestamp(node)
	case "drop":
		return newDrop(node)
	case "static_labels":
		fixed := map[string]string{}
		err := node.Decode(&fixed)
		return change(func(e *entry) { maps.Copy(e.labels, fixed) }), err
	}
	if !slices.Contains(leftOut, name) {
		return nil, fmt.Errorf("unknown stage type: %s", name)
	}
	standin.Log("warn", "this stand-in leaves out the pipeline stage %q", name)
	return change(func(*entry) {}), nil
}

// change is a stage that alters an entry on its way.
type change func(*entry)

func (c change) process(e entry) []entry {
	c(&e)
	return []entry{e}
}

func (change) flush(time.Time) []entry { return nil }

func newJSON(node *yaml.Node) (stage, error) {
	var config struct {
		Expressions   map[string]string `yaml:"expressions"`
		Source        string            `yaml:"source"`
		DropMalformed bool              `yaml:"drop_malformed"`
	}
	if err := node.Decode(&config); err != nil {
		return nil, err
	}
	if len(config.Expressions) == 0 {
		return nil, fmt.Errorf("JMES expression is required")
	}
	return change(func(e *entry) {
		var value map[string]any
		if json.Unmarshal([]byte(e.line), &value) != nil {
			return // upstream passes lines that are no JSON as they are
		}
		for name, expression := range config.Expressions {
			if expression == "" {
				expression = name
			}
			if found := follow(value, strings.Split(expression, ".")); found != nil {
				e.extracted[name] = found
			}
		}
	}), nil
}

func follow(value any, keys []string) any {
	for _, key := range keys {
		object, isObject := value.(map[string]any)
		if !isObject {
			return nil
		}
		value = object[key]
	}
	return value
}

func newLabels(node *yaml.Node) (stage, error) {
	return taking(node, func(e *entry, name, value string) { e.labels[name] = value })
}

type match struct {
	query  logql.Query
	inner  pipeline
	isDrop bool
}

func newMatch(node *yaml.Node) (stage, error) {
	var config struct {
		Selector string      `yaml:"selector"`
		Name     string      `yaml:"pipeline_name"`
		Stages   []yaml.Node `yaml:"stages"`
		Action   string      `yaml:"action"`
		Reason   string      `yaml:"drop_counter_reason"`
	}
	if err := node.Decode(&config); err != nil {
		return nil, err
	}
	query, err := logql.Parse(config.Selector)
	if err != nil {
		return nil, err
	}
	inner, err := newPipeline(config.Stages)
	return &match{query, inner, config.Action == "drop"}, err
}

func (m *match) process(e entry) []entry {
	if !m.query.Selects(e.labels) || !m.query.Keeps(e.line) {
		return []entry{e}
	}
	if m.isDrop {
		return nil
	}
	return m.inner.process(e)
}

func (m *match) flush(now time.Time) []entry { return m.inner.flush(now) }

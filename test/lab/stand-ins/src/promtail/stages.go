package main

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"text/template"
	"time"

	"github.com/Masterminds/sprig"
	"gopkg.in/yaml.v3"
)

// newRegex: the named groups of an expression that matches are extracted.
func newRegex(node *yaml.Node) (stage, error) {
	var config struct {
		Expression string `yaml:"expression"`
	}
	if err := decode(node, &config, "expression"); err != nil {
		return nil, err
	}
	expression, err := regexp.Compile(config.Expression)
	if err != nil {
		return nil, err
	}
	return change(func(e *entry) {
		groups := expression.FindStringSubmatch(e.line)
		for at, name := range expression.SubexpNames() {
			if groups != nil && name != "" {
				e.extracted[name] = groups[at]
			}
		}
	}), nil
}

// Upstream has sprig's functions, and these.
var functions = template.FuncMap{
	"ToUpper": strings.ToUpper,
	"ToLower": strings.ToLower,
	"Replace": strings.Replace,
	"regexReplaceAll": func(expression, s, replacement string) string {
		return regexp.MustCompile(expression).ReplaceAllString(s, replacement)
	},
}

// newTemplate: what comes of it takes the place of its source; nothing takes it away.
func newTemplate(node *yaml.Node) (stage, error) {
	var config struct {
		Source   string `yaml:"source"`
		Template string `yaml:"template"`
	}
	if err := decode(node, &config, "source template"); err != nil {
		return nil, err
	}
	parsed, err := template.New("pipeline_template").Funcs(sprig.TxtFuncMap()).Funcs(functions).Parse(config.Template)
	if err != nil {
		return nil, err
	}
	return change(func(e *entry) {
		values := map[string]any{"Entry": e.line}
		for name, value := range e.extracted {
			values[name] = fmt.Sprint(value)
		}
		if value, isThere := values[config.Source]; isThere {
			values["Value"] = value
		}
		var result bytes.Buffer
		if parsed.Execute(&result, values) != nil {
			return // upstream leaves the value as it is
		}
		if result.Len() == 0 {
			delete(e.extracted, config.Source)
		} else {
			e.extracted[config.Source] = result.String()
		}
	}), nil
}

// newTimestamp knows one format, and fudges unless told: an entry without a time has the one before it in its file, and a nanosecond.
func newTimestamp(node *yaml.Node) (stage, error) {
	var config struct {
		Source string `yaml:"source"`
		Format string `yaml:"format"`
		Action string `yaml:"action_on_failure"`
	}
	if err := decode(node, &config, "source format action_on_failure"); err != nil {
		return nil, err
	}
	if config.Format != "RFC3339Nano" {
		return nil, fmt.Errorf("the stand-in knows the format RFC3339Nano alone, not %q", config.Format)
	}
	last := map[string]time.Time{}
	return change(func(e *entry) {
		stream := fmt.Sprint(e.labels)
		at, err := time.Parse(time.RFC3339Nano, fmt.Sprint(e.extracted[config.Source]))
		known, isKnown := last[stream]
		switch {
		case err == nil:
			e.time = at
		case config.Action == "skip" || !isKnown:
			return
		default:
			e.time = known.Add(time.Nanosecond)
		}
		last[stream] = e.time
	}), nil
}

// dropped takes away what is older than so long, by its own time.
type dropped time.Duration

func newDrop(node *yaml.Node) (stage, error) {
	var config struct {
		OlderThan time.Duration `yaml:"older_than"`
		Reason    string        `yaml:"drop_counter_reason"`
	}
	err := decode(node, &config, "older_than drop_counter_reason")
	return dropped(config.OlderThan), err
}

func (d dropped) process(e entry) []entry {
	if time.Since(e.time) > time.Duration(d) {
		return nil
	}
	return []entry{e}
}

func (dropped) flush(time.Time) []entry { return nil }

func newLabelDrop(node *yaml.Node) (stage, error) {
	var names []string
	err := node.Decode(&names)
	return change(func(e *entry) {
		for _, name := range names {
			delete(e.labels, name)
		}
	}), err
}

func newMetadata(node *yaml.Node) (stage, error) {
	return taking(node, func(e *entry, name, value string) { e.metadata[name] = value })
}

// taking hands on what was extracted, each under its own name unless another is given.
func taking(node *yaml.Node, put func(e *entry, name, value string)) (stage, error) {
	sources := map[string]*string{}
	if err := node.Decode(&sources); err != nil {
		return nil, err
	}
	return change(func(e *entry) {
		for name, source := range sources {
			if source == nil || *source == "" {
				source = &name
			}
			if value, isKnown := e.extracted[*source]; isKnown {
				put(e, name, fmt.Sprint(value))
			}
		}
	}), nil
}

// decode refuses what the stand-in does not know of a stage: it would be left out in silence.
func decode(node *yaml.Node, into any, keys string) error {
	for at := 0; at+1 < len(node.Content); at += 2 {
		if key := node.Content[at].Value; !slices.Contains(strings.Fields(keys), key) {
			return fmt.Errorf("the stand-in does not know %q here", key)
		}
	}
	return node.Decode(into)
}

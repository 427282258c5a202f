package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A small part of TraceQL: one set of spans, { resource.a = "x" && (span.b > 1 || status = error) }.

// matcher says whether a span of a trace is meant.
type matcher func(t *trace, batch *resourceSpans, s *span) bool

var token = regexp.MustCompile("^(?:\\s+|&&|\\|\\||!=|=~|!~|>=|<=|[=><(){}]|\"(?:[^\"\\\\]|\\\\.)*\"|`[^`]*`|" +
	`-?\d+(?:\.\d+)?(?:[a-zµ]+(?:\d+[a-zµ]+)*)?|(?:resource|span)?\.(?:"[^"]+"|[^\s=!<>&|(){}"]+)|[A-Za-z_][\w:]*)`)

type parser struct {
	query  string
	tokens []string
}

func notUnderstood(what, query string) error {
	return fmt.Errorf("invalid TraceQL query: %q in %q is not understood by this stand-in", what, query)
}

// parseTraceQL returns what a query means; everything but one set of spans is an error that names it.
func parseTraceQL(query string) (matcher, error) {
	p := &parser{query: query}
	for rest := query; rest != ""; {
		found := token.FindString(rest)
		if found == "" {
			return nil, notUnderstood(rest, query)
		}
		if strings.TrimSpace(found) != "" {
			p.tokens = append(p.tokens, found)
		}
		rest = rest[len(found):]
	}
	if err := p.expect("{"); err != nil {
		return nil, err
	}
	found := matcher(func(*trace, *resourceSpans, *span) bool { return true })
	if p.peek() != "}" {
		var err error
		if found, err = p.either(); err != nil {
			return nil, err
		}
	}
	if err := p.expect("}"); err != nil {
		return nil, err
	}
	if p.peek() != "" {
		return nil, notUnderstood(strings.Join(p.tokens, " "), query)
	}
	return found, nil
}

func (p *parser) peek() string {
	if len(p.tokens) == 0 {
		return ""
	}
	return p.tokens[0]
}

func (p *parser) take() string {
	found := p.peek()
	if found != "" {
		p.tokens = p.tokens[1:]
	}
	return found
}

func (p *parser) expect(wanted string) error {
	if found := p.take(); found != wanted {
		return fmt.Errorf("%w: expected %q", notUnderstood(found, p.query), wanted)
	}
	return nil
}

func (p *parser) either() (matcher, error) {
	return p.joined("||", p.both, func(a, b matcher) matcher {
		return func(t *trace, r *resourceSpans, s *span) bool { return a(t, r, s) || b(t, r, s) }
	})
}

func (p *parser) both() (matcher, error) {
	return p.joined("&&", p.one, func(a, b matcher) matcher {
		return func(t *trace, r *resourceSpans, s *span) bool { return a(t, r, s) && b(t, r, s) }
	})
}

func (p *parser) joined(by string, part func() (matcher, error), join func(a, b matcher) matcher) (matcher, error) {
	found, err := part()
	for err == nil && p.peek() == by {
		p.take()
		var next matcher
		if next, err = part(); err == nil {
			found = join(found, next)
		}
	}
	return found, err
}

func (p *parser) one() (matcher, error) {
	if p.peek() == "(" {
		p.take()
		found, err := p.either()
		if err != nil {
			return nil, err
		}
		return found, p.expect(")")
	}
	name := p.take()
	field, err := fieldOf(name)
	if err != nil {
		return nil, notUnderstood(name, p.query)
	}
	operator, literal := p.take(), p.take()
	wanted, err := valueOf(name, literal)
	if err != nil {
		return nil, notUnderstood(literal, p.query)
	}
	compare, err := comparison(operator, wanted)
	if err != nil {
		return nil, notUnderstood(strings.TrimSpace(name+" "+operator+" "+literal), p.query)
	}
	// A span that has no such attribute is not meant, whatever is asked of it.
	return func(t *trace, r *resourceSpans, s *span) bool {
		value := field(t, r, s)
		return value != nil && compare(value)
	}, nil
}

// A value of a span: a string, a float64 or a bool; nil for none. Durations are seconds.
type fieldReader func(t *trace, batch *resourceSpans, s *span) any

var intrinsics = map[string]fieldReader{
	"name":            func(_ *trace, _ *resourceSpans, s *span) any { return s.Name },
	"status":          func(_ *trace, _ *resourceSpans, s *span) any { return strings.ToLower(nameOf(statuses, s.Status.Code)) },
	"statusMessage":   func(_ *trace, _ *resourceSpans, s *span) any { return s.Status.Message },
	"kind":            func(_ *trace, _ *resourceSpans, s *span) any { return strings.ToLower(nameOf(kinds, s.Kind)) },
	"duration":        func(_ *trace, _ *resourceSpans, s *span) any { return s.seconds() },
	"traceDuration":   func(t *trace, _ *resourceSpans, _ *span) any { return t.seconds() },
	"rootName":        func(t *trace, _ *resourceSpans, _ *span) any { return t.rootName },
	"rootServiceName": func(t *trace, _ *resourceSpans, _ *span) any { return t.rootService },
}

// The newer names of the same.
var scoped = map[string]string{
	"span:name": "name", "span:status": "status", "span:statusMessage": "statusMessage", "span:kind": "kind",
	"span:duration": "duration", "trace:duration": "traceDuration", "trace:rootName": "rootName", "trace:rootService": "rootServiceName",
}

func fieldOf(name string) (fieldReader, error) {
	if alias, isScoped := scoped[name]; isScoped {
		name = alias
	}
	if found, isKnown := intrinsics[name]; isKnown {
		return found, nil
	}
	scope, key, isAttribute := strings.Cut(name, ".")
	if !isAttribute || (scope != "" && scope != "resource" && scope != "span") {
		return nil, fmt.Errorf("no field: %s", name)
	}
	key = strings.Trim(key, `"`)
	return func(_ *trace, batch *resourceSpans, s *span) any {
		if found, has := s.Attributes.find(key); has && scope != "resource" {
			return found.scalar()
		}
		if found, has := batch.Resource.Attributes.find(key); has && scope != "span" {
			return found.scalar()
		}
		return nil
	}, nil
}

var words = map[string]any{"true": true, "false": false}

func valueOf(field, literal string) (any, error) {
	if literal == "" {
		return nil, fmt.Errorf("no value")
	}
	switch literal[0] {
	case '"':
		return strconv.Unquote(literal)
	case '`':
		return strings.Trim(literal, "`"), nil
	}
	if word, isWord := words[literal]; isWord {
		return word, nil
	}
	if number, err := strconv.ParseFloat(literal, 64); err == nil {
		return number, nil
	}
	if length, err := time.ParseDuration(literal); err == nil {
		return length.Seconds(), nil
	}
	names := map[string][]string{"status": statuses, "span:status": statuses, "kind": kinds, "span:kind": kinds}[field]
	for _, name := range names {
		if strings.ToLower(name) == literal {
			return literal, nil
		}
	}
	return nil, fmt.Errorf("no value: %s", literal)
}

func comparison(operator string, wanted any) (func(any) bool, error) {
	number, isNumber := wanted.(float64)
	text, isText := wanted.(string)
	switch {
	case operator == "=":
		return func(found any) bool { return found == wanted }, nil
	case operator == "!=":
		return func(found any) bool { return found != wanted }, nil
	case (operator == "=~" || operator == "!~") && isText:
		pattern, err := regexp.Compile("^(?:" + text + ")$")
		return func(found any) bool {
			value, isText := found.(string)
			return isText && pattern.MatchString(value) == (operator == "=~")
		}, err
	case strings.ContainsAny(operator, "<>") && isNumber:
		return func(found any) bool {
			value, isNumber := found.(float64)
			less := operator[0] == '<' && value < number
			greater := operator[0] == '>' && value > number
			return isNumber && (less || greater || (len(operator) == 2 && value == number))
		}, nil
	}
	return nil, fmt.Errorf("no comparison: %s", operator)
}

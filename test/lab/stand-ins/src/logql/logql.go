// Package logql reads the part of LogQL that stand-ins need: stream selectors, line filters and counts.
package logql

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

type matcher struct {
	name string
	test func(string) bool
}

// Query selects streams by labels and lines by filters.
type Query struct {
	matchers []matcher
	filters  []func(string) bool
}

// Count is count_over_time, summed by labels if it is in a sum.
type Count struct {
	Query  Query
	Window time.Duration
	Summed bool
	By     []string
}

const quoted = "\"(?:[^\"\\\\]|\\\\.)*\"|`[^`]*`"

var (
	selectorSyntax = regexp.MustCompile(`^\s*\{((?:` + quoted + `|[^}"` + "`" + `])*)\}`)
	matcherSyntax  = regexp.MustCompile(`^\s*([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*(` + quoted + `)\s*(?:,|$)`)
	filterSyntax   = regexp.MustCompile(`^\s*(\|=|\|~|!=|!~)\s*(` + quoted + `)`)
	countSyntax    = regexp.MustCompile(`(?s)^\s*(?:(sum)(?:\s+by\s*\(([^)]*)\))?\s*\()?\s*count_over_time\s*\((.*)\[(\w+)\]\s*\)\s*\)?\s*$`)
	parserSyntax   = regexp.MustCompile(`^\s*\|\s*(json|logfmt)\s*$`)
)

// In a line filter an operator looks inside the line; in a label matcher it compares the whole value.
var filterOperators = map[string]string{"|=": "contains", "!=": "lacks", "|~": "finds", "!~": "misses"}

// Parse reads a selector with line filters. A trailing "| json" is allowed and does nothing.
func Parse(text string) (Query, error) {
	var query Query
	selector := selectorSyntax.FindStringSubmatch(text)
	if selector == nil {
		return query, fmt.Errorf("parse error: a stream selector {…} is expected in %q", text)
	}
	if err := query.readMatchers(selector[1]); err != nil {
		return query, err
	}
	rest := text[len(selector[0]):]
	for {
		found := filterSyntax.FindStringSubmatch(rest)
		if found == nil {
			break
		}
		filter, err := newTest(filterOperators[found[1]], found[2])
		if err != nil {
			return query, err
		}
		query.filters = append(query.filters, filter)
		rest = rest[len(found[0]):]
	}
	if strings.TrimSpace(rest) != "" && !parserSyntax.MatchString(rest) {
		return query, fmt.Errorf("parse error: the stand-in does not know %q", strings.TrimSpace(rest))
	}
	return query, nil
}

// ParseCount reads [sum [by (…)] (] count_over_time(QUERY[WINDOW]) [)].
func ParseCount(text string) (Count, error) {
	found := countSyntax.FindStringSubmatch(text)
	if found == nil {
		return Count{}, fmt.Errorf("parse error: the stand-in does not know the query %q", text)
	}
	query, err := Parse(found[3])
	if err != nil {
		return Count{}, err
	}
	window, err := time.ParseDuration(strings.Replace(found[4], "d", "h", 1))
	if strings.HasSuffix(found[4], "d") {
		window *= 24
	}
	count := Count{Query: query, Window: window, Summed: found[1] != ""}
	for _, name := range strings.Split(found[2], ",") {
		if name = strings.TrimSpace(name); name != "" {
			count.By = append(count.By, name)
		}
	}
	return count, err
}

func (q *Query) readMatchers(text string) error {
	for strings.TrimSpace(text) != "" {
		found := matcherSyntax.FindStringSubmatch(text)
		if found == nil {
			return fmt.Errorf("parse error: %q is not a label matcher", text)
		}
		test, err := newTest(found[2], found[3])
		if err != nil {
			return err
		}
		q.matchers = append(q.matchers, matcher{found[1], test})
		text = text[len(found[0]):]
	}
	if len(q.matchers) == 0 {
		return fmt.Errorf("parse error: queries require at least one matcher")
	}
	return nil
}

func newTest(operator, literal string) (func(string) bool, error) {
	value, err := strconv.Unquote(literal)
	if err != nil {
		return nil, fmt.Errorf("parse error: %s: %w", literal, err)
	}
	switch operator {
	case "=":
		return func(s string) bool { return s == value }, nil
	case "!=":
		return func(s string) bool { return s != value }, nil
	case "contains":
		return func(s string) bool { return strings.Contains(s, value) }, nil
	case "lacks":
		return func(s string) bool { return !strings.Contains(s, value) }, nil
	case "=~", "!~":
		value = "^(?:" + value + ")$"
	}
	expression, err := regexp.Compile(value)
	if err != nil {
		return nil, fmt.Errorf("parse error: %w", err)
	}
	negated := operator == "!~" || operator == "misses"
	return func(s string) bool { return expression.MatchString(s) != negated }, nil
}

// Selects says whether a stream with these labels is asked for.
func (q Query) Selects(labels map[string]string) bool {
	for _, m := range q.matchers {
		if !m.test(labels[m.name]) {
			return false
		}
	}
	return true
}

// Keeps says whether a line passes all filters.
func (q Query) Keeps(line string) bool {
	for _, keep := range q.filters {
		if !keep(line) {
			return false
		}
	}
	return true
}

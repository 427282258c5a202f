package main

import (
	"encoding/json"
	"strconv"
	"strings"
)

// What OTLP sends, as its JSON has it: ids in hexadecimal, numbers of 64 bits as text.

type attribute struct {
	Key   string         `json:"key"`
	Value map[string]any `json:"value"`
}

// text is the value of an attribute as a person writes it; "" for lists.
func (a attribute) text() string {
	switch value := a.scalar().(type) {
	case string:
		return value
	case bool:
		return strconv.FormatBool(value)
	case float64:
		return strconv.FormatFloat(value, 'f', -1, 64)
	}
	return ""
}

// scalar is a string, a bool or a float64; nil for lists.
func (a attribute) scalar() any {
	for kind, value := range a.Value {
		switch {
		case kind == "intValue" || kind == "doubleValue":
			if text, isText := value.(string); isText {
				number, err := strconv.ParseFloat(text, 64)
				if err != nil {
					return nil
				}
				return number
			}
			return value
		case kind == "stringValue" || kind == "boolValue":
			return value
		}
	}
	return nil
}

type attributes []attribute

func (all attributes) find(key string) (attribute, bool) {
	for _, a := range all {
		if a.Key == key {
			return a, true
		}
	}
	return attribute{}, false
}

func (all attributes) text(key string) string {
	found, _ := all.find(key)
	return found.text()
}

// nano is a time in nanoseconds. Clients send text or numbers.
type nano uint64

func (n *nano) UnmarshalJSON(text []byte) error {
	number, err := strconv.ParseUint(strings.Trim(string(text), `"`), 10, 64)
	*n = nano(number)
	return err
}

func (n nano) MarshalJSON() ([]byte, error) {
	return json.Marshal(strconv.FormatUint(uint64(n), 10))
}

type event struct {
	Time       nano       `json:"timeUnixNano"`
	Name       string     `json:"name"`
	Attributes attributes `json:"attributes,omitempty"`
}

type status struct {
	Message string `json:"message,omitempty"`
	Code    int    `json:"code,omitempty"`
}

type span struct {
	TraceID    string     `json:"traceId"`
	SpanID     string     `json:"spanId"`
	Parent     string     `json:"parentSpanId,omitempty"`
	Name       string     `json:"name"`
	Kind       int        `json:"kind"`
	Start      nano       `json:"startTimeUnixNano"`
	End        nano       `json:"endTimeUnixNano"`
	Attributes attributes `json:"attributes,omitempty"`
	Events     []event    `json:"events,omitempty"`
	Status     status     `json:"status"`
}

// seconds is how long it took; 0 for a clock that went back.
func (s span) seconds() float64 {
	if s.End < s.Start {
		return 0
	}
	return float64(s.End-s.Start) / 1e9
}

type scope struct {
	Name    string `json:"name,omitempty"`
	Version string `json:"version,omitempty"`
}

type scopeSpans struct {
	Scope scope  `json:"scope"`
	Spans []span `json:"spans"`
}

type resource struct {
	Attributes attributes `json:"attributes"`
}

type resourceSpans struct {
	Resource   resource     `json:"resource"`
	ScopeSpans []scopeSpans `json:"scopeSpans"`
}

func (r resourceSpans) service() string {
	return r.Resource.Attributes.text("service.name")
}

var kinds = []string{"UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"}

const (
	kindServer, kindClient, kindProducer, kindConsumer = 2, 3, 4, 5

	statusError = 2
)

var statuses = []string{"UNSET", "OK", "ERROR"}

func nameOf(names []string, number int) string {
	if number < 0 || number >= len(names) {
		return names[0]
	}
	return names[number]
}

package main

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

type query struct {
	SQL    string `json:"sql"`
	Millis int    `json:"millis"`
}

type event struct {
	Event     string   `json:"event"`
	Level     string   `json:"level"`
	Timestamp string   `json:"timestamp"`
	TraceID   string   `json:"traceId"`
	SpanID    string   `json:"spanId"`
	Run       int64    `json:"run"`
	Sequence  int      `json:"sequence"`
	Method    string   `json:"method"`
	URI       string   `json:"uri"`
	Status    int      `json:"status"`
	Queries   []query  `json:"queries"`
	Stack     []string `json:"stackTrace,omitempty"`
}

var requests = []struct{ method, uri string }{
	{"GET", "/mentorings?page=0"}, {"GET", "/mentorings/17"}, {"POST", "/reservations"}, {"PATCH", "/reservations/3/status"},
}

var stack = []string{
	"java.lang.IllegalStateException: reservation 3 is already approved",
	"\tat fittoring.mentoring.business.model.Reservation.approve(Reservation.java:71)",
	"\tat fittoring.mentoring.business.service.ReservationService.approve(ReservationService.java:48)",
	"\tat java.base/java.lang.reflect.Method.invoke(Method.java:580)",
	"\t... 47 common frames omitted",
}

// nextEvent is the text of one event: several lines, or the one line that is not JSON.
func (app *application) nextEvent() string {
	n := int(app.sequence.Add(1))
	if n%11 == 0 {
		return "No mapping for GET /favicon.ico\n"
	}
	request := requests[n%len(requests)]
	e := event{
		Event: "http_request", Level: "INFO", Status: 200, Timestamp: time.Now().Format(time.RFC3339Nano),
		TraceID: randomHex(16), SpanID: randomHex(8), Run: app.started.Unix(), Sequence: n,
		Method: request.method, URI: request.uri,
		Queries: []query{{"select m.id from mentoring m where m.id=?", n % 9}, {"select c.id from category c", n % 4}},
	}
	if n%13 == 0 {
		e.Event, e.Level, e.Status, e.Stack = "unhandled_exception", "ERROR", 500, stack
	}
	app.count(e)
	text, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return fmt.Sprintf("event %d cannot be written: %v\n", n, err)
	}
	return string(text) + "\n"
}

func randomHex(bytes int) string {
	id := make([]byte, bytes)
	rand.Read(id) // never fails: the runtime ends the program instead
	return hex.EncodeToString(id)
}

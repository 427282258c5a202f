// Package standin holds what all stand-ins share: how they name themselves and how they answer.
package standin

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Version is upstream's version that the program stands in for; set when it is linked.
var Version = "unknown"

const mark = "Hostwright lab stand-in"

// Banner is what --version prints: never to be mistaken for the real program.
func Banner(program string) string {
	return fmt.Sprintf("%s, version %s (%s)", program, Version, mark)
}

// ParseFlags reads the command line as upstream does: unknown flags end with 2, -version prints the banner.
func ParseFlags(program string) {
	version := flag.Bool("version", false, "print the version and exit")
	flag.Parse()
	if *version {
		fmt.Println(Banner(program))
		os.Exit(0)
	}
}

// Fail ends the program with one line on stderr.
func Fail(format string, values ...any) {
	fmt.Fprintf(os.Stderr, "level=error msg=%q\n", fmt.Sprintf(format, values...))
	os.Exit(1)
}

// Log writes one line in the format of upstream's logs.
func Log(level, format string, values ...any) {
	now := time.Now().UTC().Format(time.RFC3339)
	fmt.Fprintf(os.Stderr, "ts=%s level=%s msg=%q\n", now, level, fmt.Sprintf(format, values...))
}

// Marked adds the header that says who answers.
func Marked(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Stand-In", "1")
		handler.ServeHTTP(w, r)
	})
}

// JSON answers with a value.
func JSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(value); err != nil {
		Log("warn", "answer not sent: %v", err)
	}
}

// Text answers with plain text.
func Text(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprint(w, text)
}

// Metrics answers in Prometheus' text format.
func Metrics(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	fmt.Fprint(w, text)
}

// Serve answers at the address until the process ends, or ends the process if it cannot.
func Serve(address string, handler http.Handler) *http.Server {
	server := &http.Server{Addr: address, Handler: Marked(handler), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
			Fail("error starting server: %v", err)
		}
	}()
	return server
}

// WaitForEnd returns at SIGTERM or SIGINT.
func WaitForEnd() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	<-ctx.Done()
	Log("info", "ending")
}

// Health asks the program's own readiness and ends: 0 ready, 1 not. It is what -health does.
func Health(url string) {
	client := &http.Client{Timeout: 5 * time.Second}
	response, err := client.Get(url)
	if err != nil {
		Fail("health: %v", err)
	}
	if response.StatusCode != http.StatusOK {
		Fail("health: %s says %s", url, response.Status)
	}
	os.Exit(0)
}

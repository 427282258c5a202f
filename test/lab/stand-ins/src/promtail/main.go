// Promtail, the stand-in: tails files, runs a pipeline, pushes JSON to Loki, keeps positions.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"

	"hostwright/standin"
)

func main() {
	path := flag.String("config.file", "", "configuration file to load")
	checkOnly := flag.Bool("check-syntax", false, "check the configuration and exit")
	dryRun := flag.Bool("dry-run", false, "print entries, send nothing, write no positions")
	flag.Bool("config.expand-env", false, "accepted")
	flag.Bool("print-config-stderr", false, "accepted")
	flag.String("log.level", "", "accepted")
	standin.ParseFlags("promtail")

	config, err := readConfig(*path)
	if err != nil {
		standin.Fail("Unable to parse config: %v", err)
	}
	if *checkOnly {
		fmt.Println("Valid config file! No syntax issues found")
		return
	}
	standin.Log("info", "Starting %s", standin.Banner("promtail"))
	positions, err := openPositions(config.Positions)
	if err != nil {
		standin.Fail("error creating promtail: %v", err)
	}
	metrics := newMetrics()
	sink := newSink(config, metrics, *dryRun)
	ended, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	// systemd's reload sends it; the stand-in reads its configuration only when it starts.
	signal.Ignore(syscall.SIGHUP)
	var jobs, sending sync.WaitGroup
	for _, job := range config.Scrapes {
		jobs.Add(1)
		go func(job scrapeConfig) {
			defer jobs.Done()
			watch(ended, job, positions, metrics, sink)
		}(job)
	}
	sending.Add(1)
	go func() {
		defer sending.Done()
		sink.run()
	}()
	if config.Server.HTTPPort != 0 || !*dryRun {
		standin.Serve(config.Server.address(), routes(metrics))
	}
	positions.keepSaving(ended, *dryRun)
	// In upstream's order: what was read is sent, and who cannot send it does not end.
	jobs.Wait()
	positions.keepSaved(*dryRun)
	close(sink.waiting)
	sending.Wait()
	standin.Log("info", "positions saved, ending")
}

func (s serverConfig) address() string {
	port := s.HTTPPort
	if port == 0 {
		port = 80
	}
	return net.JoinHostPort(s.HTTPAddress, strconv.Itoa(port))
}

func routes(metrics *metrics) http.Handler {
	mux := http.NewServeMux()
	// Ready even if it may read nothing, as upstream.
	mux.HandleFunc("/ready", func(w http.ResponseWriter, _ *http.Request) { standin.Text(w, http.StatusOK, "Ready") })
	mux.HandleFunc("/metrics", func(w http.ResponseWriter, _ *http.Request) { standin.Metrics(w, metrics.text()) })
	return mux
}

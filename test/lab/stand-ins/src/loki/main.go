// Without modules Go falls back to its old patterns of paths.

//go:debug httpmuxgo121=0

// Loki, the stand-in: push and query over HTTP, one file on disk.
package main

import (
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"hostwright/standin"
)

const startup = 3 * time.Second

func main() {
	path := flag.String("config.file", "", "configuration file to load")
	verify := flag.Bool("verify-config", false, "verify the configuration and exit")
	flag.String("target", "all", "accepted; the stand-in is always all")
	flag.String("log.level", "", "accepted")
	standin.ParseFlags("loki")

	config, err := readConfig(*path)
	if err != nil {
		standin.Fail("failed parsing config: %v", err)
	}
	if *verify {
		standin.Log("info", "config is valid")
		return
	}
	standin.Log("info", "starting %s", standin.Banner("loki"))
	folder := filepath.Join(config.pathPrefix, "stand-in")
	if err := os.MkdirAll(folder, 0o750); err != nil {
		standin.Fail("error running loki: %v", err)
	}
	store, err := openStore(filepath.Join(folder, "entries.ndjson"), config.limits)
	if err != nil {
		standin.Fail("error running loki: %v", err)
	}
	server := &api{store: store, config: config, started: time.Now()}
	standin.Serve(config.listen, server.routes())
	standin.WaitForEnd()
	if err := store.close(); err != nil {
		standin.Fail("error closing the store: %v", err)
	}
}

func (a *api) ready(w http.ResponseWriter, _ *http.Request) {
	if time.Since(a.started) < startup {
		standin.Text(w, http.StatusServiceUnavailable, "Ingester not ready: waiting after being ready\n")
		return
	}
	standin.Text(w, http.StatusOK, "ready\n")
}

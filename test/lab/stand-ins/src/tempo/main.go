// Without modules Go falls back to its old patterns of paths.

//go:debug httpmuxgo121=0

// Tempo, the stand-in: OTLP over gRPC and HTTP, traces by id and by a little TraceQL, the metrics it makes of spans, one file on disk.
package main

import (
	"flag"
	"os"
	"path/filepath"
	"strconv"

	"hostwright/standin"
)

func main() {
	path := flag.String("config.file", "", "configuration file to load")
	// A text and not a bool: upstream wants a value as well.
	verify := flag.String("config.verify", "false", "verify the configuration and exit")
	health := flag.Bool("health", false, "ask the readiness and exit")
	healthURL := flag.String("health.url", "http://localhost:3200/ready", "what -health asks")
	flag.String("target", "all", "accepted; the stand-in is always all")
	flag.Bool("config.expand-env", false, "accepted")
	standin.ParseFlags("tempo")
	if *health {
		standin.Health(*healthURL)
	}
	config, err := readConfig(*path)
	if err != nil {
		standin.Fail("failed parsing config: %v", err)
	}
	if only, err := strconv.ParseBool(*verify); err != nil || only {
		if err != nil {
			standin.Fail("-config.verify: %v", err)
		}
		return
	}
	standin.Log("info", "starting %s", standin.Banner("tempo"))
	for _, folder := range []string{config.wal, config.blocks} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			standin.Fail("error running Tempo: %v", err)
		}
	}
	store, err := openStore(filepath.Join(config.blocks, "stand-in.ndjson"))
	if err != nil {
		standin.Fail("error running Tempo: %v", err)
	}
	a := &api{store: store, config: config}
	if config.generator.remoteWrite != "" {
		a.generator = newGenerator(config.generator)
		go a.generator.run()
	}
	serve(config, a)
	standin.WaitForEnd()
	if err := store.close(); err != nil {
		standin.Fail("error closing the store: %v", err)
	}
}

func serve(config *config, a *api) {
	standin.Serve(config.listen, a.routes())
	if config.otlpHTTP != "" {
		standin.Serve(config.otlpHTTP, a.otlpRoutes())
	}
	if config.otlpGRPC != "" {
		a.serveGRPC(config.otlpGRPC)
	}
}

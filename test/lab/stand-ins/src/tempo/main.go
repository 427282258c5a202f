// Without modules Go falls back to its old patterns of paths.

//go:debug httpmuxgo121=0

// Tempo, the stand-in: OTLP/HTTP in JSON, traces by id, one file on disk.
package main

import (
	"flag"
	"io"
	"net"
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
	serve(config, &api{store: store, config: config})
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
		acceptOnly(config.otlpGRPC)
	}
}

// acceptOnly proves that a port is published and reachable; the stand-in speaks no gRPC.
func acceptOnly(address string) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		standin.Fail("error running Tempo: %v", err)
	}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				standin.Fail("error running Tempo: %v", err)
			}
			go func() {
				defer connection.Close()
				_, err := io.Copy(io.Discard, connection)
				standin.Log("warn", "a gRPC client was not served: this is a stand-in (%v)", err)
			}()
		}
	}()
}

// Without modules Go falls back to its old patterns of paths.

//go:debug httpmuxgo121=0

// Grafana, the stand-in: health, log-in, provisioned data sources and their proxy. No dashboards to look at.
package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"hostwright/standin"
)

func main() {
	args := os.Args[1:]
	if len(args) > 0 && (args[0] == "--version" || args[0] == "-v") {
		fmt.Println(standin.Banner("grafana"))
		return
	}
	if err := readFileVariables(); err != nil {
		standin.Fail("%v", err)
	}
	data := &database{path: filepath.Join(cmp.Or(os.Getenv("GF_PATHS_DATA"), "/var/lib/grafana"), "stand-in.json")}
	switch {
	case len(args) > 0 && args[0] == "cli":
		if err := runCLI(data, args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, "Error: ✗", err)
			os.Exit(1)
		}
	case len(args) == 0 || args[0] == "server":
		serve(data)
	default:
		fmt.Fprintf(os.Stderr, "%s: no help topic for %q\n", standin.Banner("grafana"), args[0])
		os.Exit(3)
	}
}

func serve(data *database) {
	standin.Log("info", "starting %s", standin.Banner("grafana"))
	if err := data.create(cmp.Or(os.Getenv("GF_SECURITY_ADMIN_USER"), "admin"),
		cmp.Or(os.Getenv("GF_SECURITY_ADMIN_PASSWORD"), "admin")); err != nil {
		standin.Fail("cannot create the database: %v", err)
	}
	provisioning := cmp.Or(os.Getenv("GF_PATHS_PROVISIONING"), "/etc/grafana/provisioning")
	server := &api{data: data, provisioning: provisioning}
	if err := server.provision(); err != nil {
		standin.Fail("provisioning: %v", err)
	}
	address := os.Getenv("GF_SERVER_HTTP_ADDR") + ":" + cmp.Or(os.Getenv("GF_SERVER_HTTP_PORT"), "3000")
	standin.Serve(address, server.routes())
	standin.WaitForEnd()
}

// readFileVariables does what the image's run.sh does: GF_X__FILE names a file that holds GF_X.
func readFileVariables() error {
	for _, pair := range os.Environ() {
		name, path, _ := strings.Cut(pair, "=")
		plain, isFile := strings.CutSuffix(name, "__FILE")
		if !isFile || !strings.HasPrefix(name, "GF_") || path == "" {
			continue
		}
		if os.Getenv(plain) != "" {
			return fmt.Errorf("error: both %s and %s are set (but are exclusive)", plain, name)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := os.Setenv(plain, strings.TrimRight(string(text), "\n")); err != nil {
			return err
		}
	}
	return nil
}

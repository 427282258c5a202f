package main

import (
	"os"
	"strings"
)

// readEnv reads NAME=value lines; quotes around a value and "export " before a name fall away.
func readEnv(path string) (map[string]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	env := map[string]string{}
	for _, line := range strings.Split(string(text), "\n") {
		line = strings.TrimPrefix(strings.TrimSpace(line), "export ")
		name, value, isEntry := strings.Cut(line, "=")
		if !isEntry || strings.HasPrefix(line, "#") {
			continue
		}
		if n := len(value); n > 1 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
			value = value[1 : n-1]
		}
		env[name] = value
	}
	return env, nil
}

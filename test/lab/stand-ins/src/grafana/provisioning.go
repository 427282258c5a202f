package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"gopkg.in/yaml.v3"
)

type dataSource struct {
	ID        int            `yaml:"-" json:"id"`
	UID       string         `yaml:"uid" json:"uid"`
	OrgID     int            `yaml:"orgId" json:"orgId"`
	Name      string         `yaml:"name" json:"name"`
	Type      string         `yaml:"type" json:"type"`
	Access    string         `yaml:"access" json:"access"`
	URL       string         `yaml:"url" json:"url"`
	BasicAuth bool           `yaml:"basicAuth" json:"basicAuth"`
	IsDefault bool           `yaml:"isDefault" json:"isDefault"`
	Options   map[string]any `yaml:"jsonData" json:"jsonData"`
	Editable  bool           `yaml:"editable" json:"-"`
	ReadOnly  bool           `yaml:"-" json:"readOnly"`
}

type dashboard struct {
	UID   string `json:"uid"`
	Title string `json:"title"`
	model map[string]any
}

// provision reads all provisioned files anew. What it knew stays when one of them is wrong.
func (a *api) provision() error {
	sources, err := readDataSources(filepath.Join(a.provisioning, "datasources"))
	if err != nil {
		return fmt.Errorf("datasources: %w", err)
	}
	dashboards, err := readDashboards(filepath.Join(a.provisioning, "dashboards"))
	if err != nil {
		return fmt.Errorf("dashboards: %w", err)
	}
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.sources, a.dashboards = sources, dashboards
	return nil
}

func readDataSources(folder string) ([]dataSource, error) {
	var all []dataSource
	err := readFolder(folder, func(node *yaml.Node) error {
		var file struct {
			DataSources []dataSource `yaml:"datasources"`
		}
		if err := node.Decode(&file); err != nil {
			return err
		}
		all = append(all, file.DataSources...)
		return nil
	})
	defaults := 0
	for i := range all {
		s := &all[i]
		if s.Name == "" || s.Type == "" || s.UID == "" {
			return nil, fmt.Errorf("a data source needs a name, a type and, in this stand-in, a uid: %+v", *s)
		}
		if slices.ContainsFunc(all[:i], func(other dataSource) bool { return other.UID == s.UID || other.Name == s.Name }) {
			return nil, fmt.Errorf("data source with the same name or uid already exists: %s", s.Name)
		}
		if s.IsDefault {
			defaults++
		}
		s.ID, s.OrgID, s.ReadOnly = i+1, 1, !s.Editable
	}
	if defaults > 1 {
		return nil, errors.New("datasource.yaml config is invalid. Only one datasource per organization can be marked as default")
	}
	return all, err
}

func readDashboards(folder string) ([]dashboard, error) {
	var all []dashboard
	err := readFolder(folder, func(node *yaml.Node) error {
		var file struct {
			Providers []struct {
				Options struct{ Path string } `yaml:"options"`
			} `yaml:"providers"`
		}
		if err := node.Decode(&file); err != nil {
			return err
		}
		for _, provider := range file.Providers {
			found, err := readModels(provider.Options.Path)
			if err != nil {
				return err
			}
			all = append(all, found...)
		}
		return nil
	})
	return all, err
}

func readModels(folder string) ([]dashboard, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		return nil, err
	}
	var all []dashboard
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		var found dashboard
		if err := errors.Join(json.Unmarshal(text, &found), json.Unmarshal(text, &found.model)); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		all = append(all, found)
	}
	return all, nil
}

// readFolder hands over every YAML file, with the environment's variables in its values.
func readFolder(folder string, read func(*yaml.Node) error) error {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, entry := range entries {
		path := filepath.Join(folder, entry.Name())
		if extension := filepath.Ext(path); extension != ".yml" && extension != ".yaml" {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var node yaml.Node
		if err := yaml.Unmarshal(text, &node); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		expand(&node)
		if len(node.Content) == 0 {
			continue
		}
		if err := read(node.Content[0]); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}

// expand replaces $NAME and ${NAME} in values; $$ is one $.
func expand(node *yaml.Node) {
	if node.Kind == yaml.ScalarNode && node.Tag == "!!str" {
		node.Value = os.Expand(node.Value, func(name string) string {
			if name == "$" {
				return "$"
			}
			return os.Getenv(name)
		})
	}
	for _, child := range node.Content {
		expand(child)
	}
}

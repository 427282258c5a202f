package standin

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// ReadYAML reads one YAML mapping, and refuses a key on the top level that upstream does not know.
func ReadYAML(path, typeName string, known []string) (*yaml.Node, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("could not read config file: %w", err)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(document.Content) == 0 {
		return nil, fmt.Errorf("%s: empty", path)
	}
	root := document.Content[0]
	if err := CheckKeys(root, typeName, known); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return root, nil
}

// CheckKeys says, in yaml's own words, which keys of the mapping nobody knows.
func CheckKeys(mapping *yaml.Node, typeName string, known []string) error {
	if mapping == nil {
		return nil
	}
	if mapping.Kind != yaml.MappingNode {
		return fmt.Errorf("yaml: unmarshal errors:\n  line %d: cannot unmarshal into %s", mapping.Line, typeName)
	}
	var wrong []string
	for i := 0; i < len(mapping.Content); i += 2 {
		key := mapping.Content[i]
		if !slices.Contains(known, key.Value) {
			wrong = append(wrong, fmt.Sprintf("  line %d: field %s not found in type %s", key.Line, key.Value, typeName))
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return fmt.Errorf("yaml: unmarshal errors:\n%s", strings.Join(wrong, "\n"))
}

// At follows keys down from a mapping; nil where there is nothing.
func At(node *yaml.Node, keys ...string) *yaml.Node {
	for _, key := range keys {
		node = child(node, key)
	}
	return node
}

func child(node *yaml.Node, key string) *yaml.Node {
	if node == nil || node.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			return node.Content[i+1]
		}
	}
	return nil
}

// TextAt is the scalar at these keys, or the fallback.
func TextAt(node *yaml.Node, fallback string, keys ...string) string {
	if found := At(node, keys...); found != nil && found.Kind == yaml.ScalarNode && found.Value != "" {
		return found.Value
	}
	return fallback
}

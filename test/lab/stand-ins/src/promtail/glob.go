package main

import (
	"path/filepath"
	"slices"
	"strings"
)

// matches says whether a glob with alternatives in braces, as upstream has it by doublestar, names this path.
func matches(glob, path string) (bool, error) {
	for _, one := range alternatives(glob) {
		if matched, err := filepath.Match(one, path); matched || err != nil {
			return matched, err
		}
	}
	return false, nil
}

// named are the files that such a glob names, each once.
func named(glob string) ([]string, error) {
	var all []string
	for _, one := range alternatives(glob) {
		paths, err := filepath.Glob(one)
		if err != nil {
			return nil, err
		}
		all = append(all, paths...)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// alternatives spells {a,b} out: "x{a,b}y" is "xay" and "xby". Braces within braces are left to the next round.
func alternatives(glob string) []string {
	open := strings.IndexByte(glob, '{')
	if open < 0 {
		return []string{glob}
	}
	depth, from := 0, open+1
	var parts []string
	for at := open; at < len(glob); at++ {
		switch {
		case glob[at] == '\\':
			at++
		case glob[at] == '{':
			depth++
		case glob[at] == ',' && depth == 1:
			parts, from = append(parts, glob[from:at]), at+1
		case glob[at] == '}' && depth == 1:
			var all []string
			for _, part := range append(parts, glob[from:at]) {
				all = append(all, alternatives(glob[:open]+part+glob[at+1:])...)
			}
			return all
		case glob[at] == '}':
			depth--
		}
	}
	return []string{glob}
}

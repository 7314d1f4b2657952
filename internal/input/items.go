package input

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// lines returns the items of a list as a variable gives them: one for each line that
// is not blank. A blank at an item's end belongs to its value.
func lines(raw string) (items []string) {
	for line := range strings.Lines(raw) {
		if item := strings.TrimLeft(strings.TrimRight(line, "\r\n"), " \t"); item != "" {
			items = append(items, item)
		}
	}
	return items
}

// splitPaths returns the paths of items that hold several, separated by commas, as
// Helm takes them. A comma within a template is part of that, and a path that has one
// stands in double quotes.
func splitPaths(items []string) (paths []string) {
	for _, item := range items {
		for _, path := range splitAtCommas(item) {
			if path = strings.TrimSpace(path); path == "" {
				continue
			}
			if inner, ok := strings.CutPrefix(path, `"`); ok && strings.HasSuffix(inner, `"`) {
				path = strings.ReplaceAll(strings.TrimSuffix(inner, `"`), `""`, `"`)
			}
			paths = append(paths, path)
		}
	}
	return paths
}

// splitAtCommas splits at the commas outside of templates and of double quotes at a
// part's beginning.
func splitAtCommas(item string) (parts []string) {
	begin, quoted, inTemplate := 0, false, false
	for i := range len(item) {
		switch rest := item[i:]; {
		case inTemplate:
			inTemplate = !strings.HasPrefix(rest, "}}")
		case strings.HasPrefix(rest, "{{"):
			inTemplate = true
		case rest[0] == '"' && (quoted || strings.TrimSpace(item[begin:i]) == "" || item[i-1] == '"'):
			quoted = !quoted
		case rest[0] == ',' && !quoted:
			parts, begin = append(parts, item[begin:i]), i+1
		}
	}
	return append(parts, item[begin:])
}

// adoptions spells the booleans among the items in one way: the input was a boolean
// once, and is mostly given as one.
func adoptions(items []string) []string {
	all := make([]string, len(items))
	for i, item := range items {
		all[i] = strings.TrimSpace(item)
		if on, ok := parseBool(item); ok {
			all[i] = strconv.FormatBool(on)
		}
	}
	return all
}

// joinJSON joins lines that are one JSON value together: an object written over
// several lines, or key= with one. What is no JSON to its last line stays as it is.
func joinJSON(items []string) (joined []string) {
	for len(items) > 0 {
		n := max(1, linesOfJSON(items))
		joined = append(joined, strings.Join(items[:n], "\n"))
		items = items[n:]
	}
	return joined
}

// linesOfJSON returns how many of the items, from the first on, hold one JSON value,
// or 0 when none do.
func linesOfJSON(items []string) int {
	value := items[0]
	if !isJSONObject(value) {
		_, value, _ = strings.Cut(value, "=")
	}
	if !slices.ContainsFunc([]string{"{", "["}, func(open string) bool { return strings.HasPrefix(strings.TrimSpace(value), open) }) {
		return 0
	}
	for n := 1; ; n++ {
		if json.Valid([]byte(value)) {
			return n
		}
		if n == len(items) {
			return 0
		}
		value += "\n" + items[n]
	}
}

// isJSONObject tells an item of set-json that is an object from key=JSON, which may
// begin with a template.
func isJSONObject(item string) bool {
	item = strings.TrimSpace(item)
	return strings.HasPrefix(item, "{") && !strings.HasPrefix(item, "{{")
}

package chart

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	helmchart "helm.sh/helm/v3/pkg/chart"
)

// unusedKeys is how many of a chart's own keys are named beside one that it does not know.
const unusedKeys = 8

// misfits returns what of the values a chart most likely does not take as it was given, one
// sentence each: a table where the chart has a text or the other way round, and a key of which
// neither values.yaml nor a template knows. Helm says a word about the first, or none, and
// deploys what the chart has instead. What a schema allows or refuses is its own. rest is what may
// be the rest of a secret.
func misfits(c *helmchart.Chart, values map[string]any, rest torn) []string {
	found := misfitsOf(c.Values, values, "")
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if _, known := c.Values[key]; known || takes(c, key) {
			continue
		}
		if secret := rest[key]; secret != "" {
			found = append(found, fmt.Sprintf(`%s is cut at a comma, and the chart %s has no value of the name behind it: `+
				`write \, for a comma that belongs to it`, shownKey(secret), c.Name()))
			continue
		}
		found = append(found, fmt.Sprintf("the chart %s has no value %s%s", c.Name(), shownKey(key), listed(c.Values)))
	}
	for _, sub := range c.Dependencies() {
		for _, name := range namesOf(c, sub.Name()) {
			if given, ok := values[name].(map[string]any); ok {
				found = append(found, misfits(sub, given, nil)...)
			}
		}
	}
	return found
}

// namesOf returns the names under which a chart has the values of a dependency: its aliases,
// or its own.
func namesOf(c *helmchart.Chart, dependency string) (names []string) {
	for _, d := range c.Metadata.Dependencies {
		if d.Name == dependency && d.Alias != "" {
			names = append(names, d.Alias)
		}
	}
	if len(names) == 0 {
		return []string{dependency}
	}
	return names
}

// misfitsOf compares what is a table and what is not, below a key path.
func misfitsOf(chart, given map[string]any, path string) (found []string) {
	for _, key := range slices.Sorted(maps.Keys(given)) {
		own, known := chart[key]
		if !known || own == nil || given[key] == nil {
			continue
		}
		at := path + shownKey(key)
		hasTable, isTable := own.(map[string]any)
		givenTable, gaveTable := given[key].(map[string]any)
		switch {
		case isTable && gaveTable:
			found = append(found, misfitsOf(hasTable, givenTable, at+".")...)
		case gaveTable && len(givenTable) > 0:
			below := slices.Sorted(maps.Keys(givenTable))[0]
			found = append(found, fmt.Sprintf("%s.%s is given, and %s is no table in the chart", at, shownKey(below), at))
		case isTable && len(hasTable) > 0:
			found = append(found, fmt.Sprintf("%s is given as one value, and is a table in the chart%s", at, listed(hasTable)))
		}
	}
	return found
}

// takes returns whether a chart may take a key that its values.yaml does not have: a
// dependency is called so, a template of it speaks of it, or one takes all there is.
func takes(c *helmchart.Chart, key string) bool {
	if key == "global" || len(c.Values) == 0 || len(c.Schema) > 0 {
		return true
	}
	for _, d := range c.Metadata.Dependencies {
		if key == d.Name || key == d.Alias || strings.HasPrefix(d.Condition, key+".") || slices.Contains(d.Tags, key) || key == "tags" {
			return true
		}
	}
	for _, at := range append([]*helmchart.Chart{c}, c.Dependencies()...) {
		for _, template := range at.Templates {
			text := string(template.Data)
			if strings.Contains(text, key) || strings.Contains(text, ".Values }}") || strings.Contains(text, ".Values |") ||
				strings.Contains(text, ".Values)") {
				return true
			}
		}
	}
	return false
}

// shownKey returns a key on one line, as it may be shown.
func shownKey(key string) string { return sanitize(key) }

// listed says which keys a table has, the first few.
func listed(values map[string]any) string {
	keys := slices.Sorted(maps.Keys(values))
	if len(keys) == 0 {
		return ""
	}
	more := ""
	if len(keys) > unusedKeys {
		keys, more = keys[:unusedKeys], " and more"
	}
	for i, key := range keys {
		keys[i] = shownKey(key)
	}
	return ", which has " + strings.Join(keys, ", ") + more
}

// minCommit is how many characters of a commit's hash tell it.
const minCommit = 7

// NamesCommit returns whether an item of the values uses the commit.
func (v Values) NamesCommit() bool {
	for _, items := range [][]string{v.Files, v.Set, v.SetString, v.SetFile, v.SetJSON} {
		if slices.ContainsFunc(items, func(item string) bool { return strings.Contains(item, ".SHA") }) {
			return true
		}
	}
	return false
}

// lacksCommit returns whether nothing that was rendered names a commit.
func lacksCommit(files map[string]string, commit string) bool {
	if len(commit) < minCommit {
		return false
	}
	for _, content := range files {
		if strings.Contains(content, commit[:minCommit]) {
			return false
		}
	}
	return true
}

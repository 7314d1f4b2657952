package rollout

import (
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
)

// instance is the label that names the release by convention.
const instance = "app.kubernetes.io/instance"

// common are the labels that many releases have alike.
var common = []string{"app.kubernetes.io/managed-by", "helm.sh/chart", "app.kubernetes.io/version", "heritage", "chart"}

// shared is a selector that all the sets fit, by the labels that all have; not
// ok when these set nothing apart from other releases' objects.
func shared(sets []labels.Set) (selector string, ok bool) {
	query := labels.NewSelector()
	for _, key := range slices.Sorted(maps.Keys(sets[0])) {
		values, all := valuesOf(key, sets)
		if !all || len(values) > maxValues || slices.Contains(common, key) {
			continue
		}
		r, err := labels.NewRequirement(key, selection.In, values)
		if err != nil {
			return "", false
		}
		query, ok = query.Add(*r), true
	}
	selector = query.String()
	return selector, ok && len(selector) <= maxSelector
}

// apart says that one of the labels that all have names the release, if the
// release's own name is known.
func apart(sets []labels.Set, release string) bool {
	for key := range sets[0] {
		values, all := valuesOf(key, sets)
		foreign := func(v string) bool { return !strings.Contains(v, release) }
		if all && len(values) <= maxValues && !slices.Contains(common, key) && (key == instance || !slices.ContainsFunc(values, foreign)) {
			return true
		}
	}
	return false
}

// valuesOf are a label's values, and whether all have it.
func valuesOf(key string, sets []labels.Set) (values []string, all bool) {
	for _, set := range sets {
		v, has := set[key]
		if !has {
			return nil, false
		}
		values = append(values, v)
	}
	slices.Sort(values)
	return slices.Compact(values), true
}

// merged are selectors that together select just what the sets do one by one:
// those that differ in one label's value become one.
func merged(sets []labels.Set) []labels.Selector {
	var out []labels.Selector
	for len(sets) > 0 {
		group, rest := []labels.Set{sets[0]}, []labels.Set(nil)
		apart := "" // the label by which the group's sets differ
		for _, set := range sets[1:] {
			key, ok := difference(sets[0], set)
			if ok && (apart == "" || key == "" || key == apart) && len(group) < maxValues {
				group = append(group, set)
				if key != "" {
					apart = key
				}
				continue
			}
			rest = append(rest, set)
		}
		out = append(out, selecting(group)...)
		sets = rest
	}
	return out
}

// difference is the one label whose value differs, empty when none does; not ok
// when there are more, or other labels.
func difference(a, b labels.Set) (key string, ok bool) {
	if len(a) != len(b) {
		return "", false
	}
	for k, v := range a {
		other, has := b[k]
		if !has || v != other && key != "" {
			return "", false
		}
		if v != other {
			key = k
		}
	}
	return key, true
}

// selecting is one selector of what all the sets select, or one for each where that
// cannot be put into words.
func selecting(sets []labels.Set) []labels.Selector {
	query := labels.NewSelector()
	for key := range sets[0] {
		values, _ := valuesOf(key, sets)
		r, err := labels.NewRequirement(key, selection.In, values)
		if err != nil {
			each := make([]labels.Selector, len(sets))
			for i, set := range sets {
				each[i] = labels.SelectorFromSet(set)
			}
			return each
		}
		query = query.Add(*r)
	}
	return []labels.Selector{query}
}

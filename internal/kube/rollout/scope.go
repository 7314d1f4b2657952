package rollout

import (
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
)

// The bounds of a selector, which becomes part of a URL.
const (
	maxValues   = 40   // of one label
	maxSelector = 2048 // bytes
)

// watchGroup is the targets that one watch shows, and its selector.
type watchGroup struct {
	targets []*target
	options metav1.ListOptions
}

// groupsOf returns the watches that show all of the targets: one for each kind and
// namespace if a selector keeps it to the release's own objects, or else one for
// each target. ownNamespace means that nobody else uses the namespace.
func groupsOf(targets []*target, ownNamespace bool, namespace, release string) []watchGroup {
	bySource := map[source][]*target{}
	var order []source
	for _, t := range targets {
		if bySource[t.source] == nil {
			order = append(order, t.source)
		}
		bySource[t.source] = append(bySource[t.source], t)
	}
	var groups []watchGroup
	for _, s := range order {
		group := bySource[s]
		if options, ok := scopeOf(group, ownNamespace && s.namespace != "" && s.namespace == namespace, release); ok {
			groups = append(groups, watchGroup{group, options})
			continue
		}
		for _, t := range group {
			groups = append(groups, watchGroup{[]*target{t}, byName(t)})
		}
	}
	return groups
}

// oldestVersion returns the resource version from which on a watch misses no
// change of any of the targets; "" where one does not exist or its version cannot
// be compared.
func oldestVersion(targets []*target) string {
	var oldest *target
	for _, t := range targets {
		if t.live == nil || versionOf(t.live) == 0 {
			return ""
		}
		if oldest == nil || versionOf(t.live) < versionOf(oldest.live) {
			oldest = t
		}
	}
	return oldest.live.GetResourceVersion()
}

// scopeOf returns the narrowest selector of one watch for all of the targets. ok is
// false where such a watch would bring other releases' objects, too: in a shared
// namespace, unless one of the labels tells the release from others.
func scopeOf(targets []*target, own bool, release string) (options metav1.ListOptions, ok bool) {
	if len(targets) == 1 {
		return byName(targets[0]), true
	}
	sets := make([]labels.Set, len(targets))
	for i, t := range targets {
		if t.live != nil {
			sets[i] = t.live.GetLabels()
		}
	}
	if selector, ok := commonSelector(sets); ok && (own || identifyRelease(sets, release)) {
		return metav1.ListOptions{LabelSelector: selector}, true
	}
	return metav1.ListOptions{}, own
}

func byName(t *target) metav1.ListOptions {
	return metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector("metadata.name", t.object.Name).String()}
}

// instanceLabel names the release by convention
// (https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/).
const instanceLabel = "app.kubernetes.io/instance"

// unspecificLabels are those with values that many releases have in common.
var unspecificLabels = []string{"app.kubernetes.io/managed-by", "helm.sh/chart", "app.kubernetes.io/version", "heritage", "chart"}

// commonSelector returns a selector that matches all of the sets, made of the
// labels that all of them have. ok is false where these are all unspecific, or the
// selector would be too long.
func commonSelector(sets []labels.Set) (selector string, ok bool) {
	query := labels.NewSelector()
	for _, key := range slices.Sorted(maps.Keys(sets[0])) {
		values, all := valuesOf(key, sets)
		if !all || len(values) > maxValues || slices.Contains(unspecificLabels, key) {
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

// identifyRelease returns whether a label that all of the sets have tells the
// release from others: the instance label, or one with the release's name in each
// of its values.
func identifyRelease(sets []labels.Set, release string) bool {
	for key := range sets[0] {
		values, all := valuesOf(key, sets)
		foreign := func(v string) bool { return !strings.Contains(v, release) }
		if all && len(values) <= maxValues && !slices.Contains(unspecificLabels, key) &&
			(key == instanceLabel || !slices.ContainsFunc(values, foreign)) {
			return true
		}
	}
	return false
}

// valuesOf returns the sorted values of a label, and whether all of the sets have
// it.
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

// mergeSelectors returns selectors that together match exactly what the sets match
// one by one: sets that differ in the value of one label become one selector.
func mergeSelectors(sets []labels.Set) []labels.Selector {
	var out []labels.Selector
	for len(sets) > 0 {
		group, rest := []labels.Set{sets[0]}, []labels.Set(nil)
		differing := "" // the label in which the sets of the group differ
		for _, set := range sets[1:] {
			key, ok := differingLabel(sets[0], set)
			if ok && (differing == "" || key == "" || key == differing) && len(group) < maxValues {
				group = append(group, set)
				if key != "" {
					differing = key
				}
				continue
			}
			rest = append(rest, set)
		}
		out = append(out, selectorsFor(group)...)
		sets = rest
	}
	return out
}

// differingLabel returns the one label whose value differs, or "" where the sets
// are equal. ok is false where they differ in more than that.
func differingLabel(a, b labels.Set) (key string, ok bool) {
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

// selectorsFor returns one selector for all of the sets, or one for each where a
// value is not valid in a selector.
func selectorsFor(sets []labels.Set) []labels.Selector {
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

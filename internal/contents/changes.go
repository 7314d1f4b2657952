package contents

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/text"
)

// Changes returns what a write has made of a live object, in the order of the paths, and whether its pods are
// made anew by it. Both objects are as the API server has stored them, so that a value has one spelling. What the
// server sets for each write is left out. Neither object is changed. mask is that of the Options.
func Changes(before, after *unstructured.Unstructured, mask func(string) string) (changes []facts.FieldChange, restarts bool) {
	w := &walk{live: after, mask: mask}
	w.diffStruct(written(before), written(after), schemaOf(after))
	slices.SortStableFunc(w.found, func(a, b finding) int { return cmp.Compare(a.path.String(), b.path.String()) })
	for i, f := range w.found {
		restarts = restarts || rollsOut(after, f.path)
		if i >= most {
			continue
		}
		c := facts.FieldChange{Path: f.path.String()}
		c.Before, c.After = w.texts(f)
		changes = append(changes, c)
	}
	if more := len(w.found) - most; more > 0 {
		changes = append(changes, facts.FieldChange{Path: "others", After: text.Plural(more, "more field")})
	}
	return changes, restarts
}

// rollsOut returns whether a change of a field has a controller make its pods anew.
func rollsOut(o *unstructured.Unstructured, at path) bool {
	if len(at) < 2 || at[0].name != "spec" || at[1].name != "template" || o.GroupVersionKind().Group != "apps" {
		return false
	}
	by, _, _ := unstructured.NestedString(o.Object, "spec", "updateStrategy", "type")
	return o.GetKind() != "ReplicaSet" && by != "OnDelete"
}

// ofControllers are the annotations that controllers count their own work by.
var ofControllers = []string{"deployment.kubernetes.io/revision", "deprecated.daemonset.template.generation"}

// written returns what of an object its writers have set.
func written(o *unstructured.Unstructured) map[string]any {
	out := maps.Clone(o.Object)
	delete(out, "status")
	meta, _ := out["metadata"].(map[string]any)
	meta = maps.Clone(meta)
	for _, f := range ofServer {
		delete(meta, f)
	}
	if annotations, ok := meta["annotations"].(map[string]any); ok {
		annotations = maps.Clone(annotations)
		for _, key := range ofControllers {
			delete(annotations, key)
		}
		meta["annotations"] = annotations
	}
	out["metadata"] = meta
	return out
}

// diff compares two values of which either may be missing. s is nil where nothing is known of them.
func (w *walk) diff(before, after any, s *shape) {
	switch was := before.(type) {
	case map[string]any:
		if is, ok := after.(map[string]any); ok {
			w.diffStruct(was, is, s)
			return
		}
	case []any:
		if is, ok := after.([]any); ok {
			w.diffList(was, is, s)
			return
		}
	}
	if (!isEmpty(before) || !isEmpty(after)) && !equalPlain(before, after) {
		w.differ(before, after)
	}
}

// isEmpty returns whether a value is none, or holds none.
func isEmpty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}
	return false
}

func (w *walk) diffStruct(before, after map[string]any, s *shape) {
	keys := maps.Clone(before)
	if keys == nil {
		keys = map[string]any{}
	}
	maps.Copy(keys, after)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		_, field := s.field(key)
		at := step{name: key, secret: isSecretValue(key, before, after)}
		w.below(at, func() { w.diff(orEmpty(before[key], after[key]), orEmpty(after[key], before[key]), field) })
	}
}

// orEmpty returns an empty map for one that is missing, so that what is in the other is told field by field.
func orEmpty(v, other any) any {
	if _, is := other.(map[string]any); is && v == nil {
		return map[string]any{}
	}
	return v
}

// diffList compares the items of a list: those of a merged one by their key, or by whether both have them
// where they are plain values; any other by their place.
func (w *walk) diffList(before, after []any, s *shape) {
	switch {
	case s != nil && s.merged && s.key != "":
		w.diffKeyed(before, after, s)
	case s != nil && s.merged:
		w.diffSet(before, after)
	case len(before) != len(after) && (arePlain(before) || arePlain(after)):
		w.differ(before, after)
	default:
		w.diffOrdered(before, after, s)
	}
}

func (w *walk) diffKeyed(before, after []any, s *shape) {
	seen, is := map[string]int{}, map[string]any{}
	order := make([]string, 0, len(before))
	for _, item := range after {
		is[nameOf(item, s.key, seen)] = item
	}
	clear(seen)
	was := map[string]any{}
	for _, item := range before {
		name := nameOf(item, s.key, seen)
		was[name], order = item, append(order, name)
	}
	for _, name := range order {
		w.below(step{name: name, list: true}, func() { w.diff(was[name], is[name], s.item) })
	}
	for _, name := range slices.Sorted(maps.Keys(is)) {
		if _, known := was[name]; !known {
			w.below(step{name: name, list: true}, func() { w.differ(nil, is[name]) })
		}
	}
	if kept := common(order, is); !slices.Equal(kept, inOrderOf(after, s.key, was)) {
		w.below(step{name: "order"}, func() { w.differ(named(kept), named(inOrderOf(after, s.key, was))) })
	}
}

// common returns those of the names that are in a map.
func common(names []string, in map[string]any) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { _, ok := in[name]; return !ok })
}

// inOrderOf returns the names of the items that are in a map, as a list has them.
func inOrderOf(items []any, key string, in map[string]any) []string {
	seen, names := map[string]int{}, make([]string, 0, len(items))
	for _, item := range items {
		names = append(names, nameOf(item, key, seen))
	}
	return common(names, in)
}

func named(names []string) []any {
	all := make([]any, len(names))
	for i, name := range names {
		all[i] = name
	}
	return all
}

// diffSet compares lists of plain values, whose order means nothing.
func (w *walk) diffSet(before, after []any) {
	lacks := func(items []any, value any) bool {
		return !slices.ContainsFunc(items, func(item any) bool { return equalPlain(item, value) })
	}
	for _, item := range before {
		if lacks(after, item) {
			w.below(step{name: show(item), list: true}, func() { w.differ(item, nil) })
		}
	}
	for _, item := range after {
		if lacks(before, item) {
			w.below(step{name: show(item), list: true}, func() { w.differ(nil, item) })
		}
	}
}

func (w *walk) diffOrdered(before, after []any, s *shape) {
	var item *shape
	if s != nil {
		item = s.item
	}
	at := func(items []any, i int) any {
		if i < len(items) {
			return items[i]
		}
		return nil
	}
	for i := range max(len(before), len(after)) {
		secret := i > 0 && (isFlag(at(before, i-1)) || isFlag(at(after, i-1)))
		w.below(step{name: strconv.Itoa(i), list: true, secret: secret}, func() { w.diff(at(before, i), at(after, i), item) })
	}
}

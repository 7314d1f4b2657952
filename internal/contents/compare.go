package contents

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/client-go/kubernetes/scheme"
)

// comparison collects the paths at which a live object lacks what is wanted.
type comparison struct{ paths []string }

// compareObject compares a built-in kind by its Go type, which says how its
// lists are merged, and any other kind by its values alone.
func (c *comparison) compareObject(want, live *unstructured.Unstructured) {
	typed, err := scheme.Scheme.New(want.GroupVersionKind())
	if err != nil { // a custom resource
		c.compareMap(want.Object, live.Object, nil, "")
		return
	}
	schema, err := strategicpatch.NewPatchMetaFromStruct(typed)
	if err != nil {
		c.compareMap(want.Object, live.Object, nil, "")
		return
	}
	desired := want.Object
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(want.Object, typed); err == nil {
		if converted, err := runtime.DefaultUnstructuredConverter.ToUnstructured(typed); err == nil {
			desired, _ = canonical(want.Object, converted).(map[string]any)
		}
	}
	c.compareMap(desired, live.Object, schema, "")
}

// canonical returns the manifest's value raw in the spelling of typed, which is
// the same value after a conversion to its Go type and back: 1000m becomes 1. It
// adds nothing to raw. Fields that the type does not know are dropped, as the
// server does, and so are zeros, which mean "unset" and get a default. An explicit
// false is kept, since it differs from a live true.
func canonical(raw, typed any) any {
	switch raw := raw.(type) {
	case map[string]any:
		typed, ok := typed.(map[string]any)
		if !ok {
			break
		}
		out := make(map[string]any, len(raw))
		for k, v := range raw {
			if known, ok := typed[k]; ok && v != nil {
				out[k] = canonical(v, known)
			} else if v == false {
				out[k] = false
			}
		}
		return out
	case []any:
		if typed, ok := typed.([]any); ok && len(typed) == len(raw) {
			out := make([]any, len(raw))
			for i := range raw {
				out[i] = canonical(raw[i], typed[i])
			}
			return out
		}
	}
	return typed
}

func (c *comparison) compare(want, live any, schema strategicpatch.LookupPatchMeta, list strategicpatch.PatchMeta, path string) {
	switch want := want.(type) {
	case nil:
	case map[string]any:
		if live, ok := live.(map[string]any); ok {
			c.compareMap(want, live, schema, path)
			return
		}
		c.differ(path)
	case []any:
		if live, ok := live.([]any); ok {
			c.compareList(want, live, schema, list, path)
			return
		}
		c.differ(path)
	default:
		if !equalScalar(want, live) {
			c.differ(path)
		}
	}
}

func (c *comparison) compareMap(want, live map[string]any, schema strategicpatch.LookupPatchMeta, path string) {
	for _, key := range slices.Sorted(maps.Keys(want)) {
		w, at := want[key], joinPath(path, key)
		l, ok := live[key]
		if !ok || l == nil {
			if !isZero(w) {
				c.differ(at)
			}
			continue
		}
		below, list := fieldSchema(schema, key, w)
		c.compare(w, l, below, list, at)
	}
}

// compareList compares the items of a merged list by its merge key, or, where
// they are plain values, by whether the live list holds them. Any other list has
// to have as many items, in the same order.
func (c *comparison) compareList(want, live []any, schema strategicpatch.LookupPatchMeta, list strategicpatch.PatchMeta, path string) {
	merged := slices.Contains(list.GetPatchStrategies(), "merge")
	if !merged && len(want) != len(live) {
		c.differ(path)
		return
	}
	for i, w := range want {
		if !merged {
			c.compare(w, live[i], schema, strategicpatch.PatchMeta{}, fmt.Sprintf("%s[%d]", path, i))
			continue
		}
		c.compareMerged(w, live, schema, list.GetPatchMergeKey(), path, i)
	}
}

// compareMerged compares an item with the live one of the same merge key. Where
// there are several (a port for TCP and one for UDP share containerPort), the
// nearest counts.
func (c *comparison) compareMerged(want any, live []any, schema strategicpatch.LookupPatchMeta, key, path string, i int) {
	at := fmt.Sprintf("%s[%d]", path, i)
	item, isMap := want.(map[string]any)
	if isMap && key != "" {
		at = fmt.Sprintf("%s[%v]", path, item[key])
	}
	var nearest *comparison
	for _, l := range live {
		if other, ok := l.(map[string]any); isMap && (!ok || !equalScalar(item[key], other[key])) {
			continue
		}
		tried := &comparison{}
		tried.compare(want, l, schema, strategicpatch.PatchMeta{}, at)
		if len(tried.paths) == 0 {
			return
		}
		if nearest == nil || len(tried.paths) < len(nearest.paths) {
			nearest = tried
		}
	}
	if nearest == nil || !isMap {
		c.differ(at)
		return
	}
	c.paths = append(c.paths, nearest.paths...)
}

func (c *comparison) differ(path string) { c.paths = append(c.paths, path) }

// fieldSchema returns the schema of a field and, for a list, how it is merged. The
// schema is nil where none is known.
func fieldSchema(schema strategicpatch.LookupPatchMeta, key string, value any) (strategicpatch.LookupPatchMeta, strategicpatch.PatchMeta) {
	if schema == nil {
		return nil, strategicpatch.PatchMeta{}
	}
	var below strategicpatch.LookupPatchMeta
	var list strategicpatch.PatchMeta
	var err error
	switch value.(type) {
	case map[string]any:
		below, list, err = schema.LookupPatchMetadataForStruct(key)
	case []any:
		below, list, err = schema.LookupPatchMetadataForSlice(key)
	default:
		return nil, strategicpatch.PatchMeta{}
	}
	if err != nil { // below a map of plain values, or a type that has no fields
		return nil, strategicpatch.PatchMeta{}
	}
	return below, list
}

// equalScalar reports whether two plain values are equal. Numbers are compared by
// their value: YAML's 1 and JSON's 1.0 are equal.
func equalScalar(a, b any) bool {
	x, xok := number(a)
	y, yok := number(b)
	if xok && yok {
		return x == y
	}
	switch b.(type) {
	case map[string]any, []any:
		return false // not comparable, and never a scalar's equal
	}
	return a == b
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

// isZero reports whether a value means the same as an absent one.
func isZero(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case map[string]any:
		for _, below := range v {
			if !isZero(below) {
				return false
			}
		}
		return true
	case []any:
		return len(v) == 0
	case bool:
		return !v
	case string:
		return v == ""
	}
	n, ok := number(v)
	return ok && n == 0
}

func joinPath(path, key string) string {
	if strings.ContainsAny(key, "./") {
		key = "[" + key + "]"
		return path + key
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

package kube

import (
	"fmt"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/client-go/kubernetes/scheme"
)

// comparison collects the paths at which a live object lacks what is wanted.
type comparison struct{ paths []string }

func (c *comparison) compareObject(want, live *unstructured.Unstructured) {
	typed, err := scheme.Scheme.New(want.GroupVersionKind())
	if err != nil { // a custom resource: no types to go by
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
		if spelt, err := runtime.DefaultUnstructuredConverter.ToUnstructured(typed); err == nil {
			desired, _ = respell(want.Object, spelt).(map[string]any)
		}
	}
	c.compareMap(desired, live.Object, schema, "")
}

// respell writes the manifest's values as its Go type does, and adds nothing.
// Going through the type drops what it does not know, as the server does, and
// zeros: they mean "unset", which the server answers with a default. An explicit
// false is kept, though: over a live true it is a difference.
func respell(raw, typed any) any {
	switch raw := raw.(type) {
	case map[string]any:
		typed, ok := typed.(map[string]any)
		if !ok {
			break
		}
		spelt := make(map[string]any, len(raw))
		for k, v := range raw {
			if known, ok := typed[k]; ok && v != nil {
				spelt[k] = respell(v, known)
			} else if v == false {
				spelt[k] = false
			}
		}
		return spelt
	case []any:
		if typed, ok := typed.([]any); ok && len(typed) == len(raw) {
			spelt := make([]any, len(raw))
			for i := range raw {
				spelt[i] = respell(raw[i], typed[i])
			}
			return spelt
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
		w, at := want[key], join(path, key)
		l, ok := live[key]
		if !ok || l == nil {
			if !isZero(w) {
				c.differ(at)
			}
			continue
		}
		below, list := lookUp(schema, key, w)
		c.compare(w, l, below, list, at)
	}
}

// compareList goes by the list's merge key where it has one. A merged list of
// plain values has to hold the wanted ones; any other list is one value: as
// many items, in the same order.
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

// compareMerged looks for an item among those of the same merge key. There can
// be several: a port for TCP and for UDP share theirs, containerPort.
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

package contents

import (
	"maps"
	"reflect"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// Overlay returns what a live object has to become so that Compare finds no
// difference: where they differ it is as the manifest's object want says, and
// everything else stays as it lives, with what the server and its controllers have
// set. was is the manifest's object before, or nil: keys of maps that it sets and want
// does not are removed. None of the objects is changed.
//
// A strategic merge patch cannot say all of that. It takes two ports of one number
// for the same item, whatever their protocol, and leaves items that it does not know.
func Overlay(was, want, live *unstructured.Unstructured, o Options) *unstructured.Unstructured {
	w := newWalk(want, live)
	laid, _ := lay(live.Object, w.find(want, o), 0).(map[string]any)
	if was != nil {
		laid = withoutDropped(was.Object, want.Object, laid)
	}
	return &unstructured.Unstructured{Object: laid}
}

// withoutDropped returns a live map without the keys that were set before and are no
// more, at any depth of maps.
func withoutDropped(was, want, live map[string]any) map[string]any {
	out := maps.Clone(live)
	for key, before := range was {
		now, set := want[key]
		if !set {
			drop(out, key, before)
			continue
		}
		b, isMap := before.(map[string]any)
		n, too := now.(map[string]any)
		if l, three := out[key].(map[string]any); isMap && too && three {
			out[key] = withoutDropped(b, n, l)
		}
	}
	return out
}

// shared are lists to which others add items of their own: a finalizer taken from
// them leaves behind what it is there to clean up.
var shared = []string{"finalizers", "ownerReferences", "imagePullSecrets", "secrets"}

// drop takes a key from a map or, of a list that is shared, the items before alone.
func drop(live map[string]any, key string, before any) {
	items, isList := live[key].([]any)
	had, too := before.([]any)
	if isList && too && slices.Contains(shared, key) {
		items = slices.DeleteFunc(slices.Clone(items), func(item any) bool {
			return slices.ContainsFunc(had, func(b any) bool { return reflect.DeepEqual(item, b) })
		})
		if live[key] = items; len(items) > 0 {
			return
		}
	}
	delete(live, key)
}

// lay returns a live value with the findings below it, whose paths have led depth
// steps to it.
func lay(live any, found []finding, depth int) any {
	if len(found) == 0 {
		return live
	}
	for _, f := range found {
		if len(f.path) == depth {
			return runtime.DeepCopyJSONValue(f.want)
		}
	}
	switch live := live.(type) {
	case map[string]any:
		return layMap(live, found, depth)
	case []any:
		return layList(live, found, depth)
	}
	return live
}

func layMap(live map[string]any, found []finding, depth int) map[string]any {
	below := map[string][]finding{}
	for _, f := range found {
		name := f.path[depth].name
		below[name] = append(below[name], f)
	}
	out := maps.Clone(live)
	for name, f := range below {
		out[name] = lay(live[name], f, depth+1)
		for _, rival := range rivals[name] {
			if below[rival] == nil {
				delete(out, rival)
			}
		}
	}
	return out
}

// layList returns a list with the items that are there changed or dropped, and the
// others at its end.
func layList(live []any, found []finding, depth int) []any {
	below := map[int][]finding{}
	var added []any
	dropped := map[int]bool{}
	for _, f := range found {
		s := f.path[depth]
		switch last := len(f.path) == depth+1; {
		case last && f.live == nil:
			added = append(added, runtime.DeepCopyJSONValue(f.want))
		case last && f.want == nil:
			dropped[s.at] = true
		default:
			below[s.at] = append(below[s.at], f)
		}
	}
	out := make([]any, 0, len(live)+len(added))
	for i, item := range live {
		if !dropped[i] {
			out = append(out, lay(item, below[i], depth+1))
		}
	}
	return slices.Concat(out, added)
}

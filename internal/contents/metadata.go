package contents

import (
	"reflect"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// sharedMetadata are the lists of metadata to which others add items of their own, each with
// what tells its items apart: a field, or "" where that is the item itself.
var sharedMetadata = map[string]string{"finalizers": "", "ownerReferences": "uid"}

// WithAdded returns what the manifest wants of an object with what others have added to the
// lists of its metadata that they share: a merge patch of a kind without a Go type replaces
// lists as a whole. was is the manifest's object before: items that it has and want does not
// are not kept. None of the objects is changed.
func WithAdded(was, want, live *unstructured.Unstructured) *unstructured.Unstructured {
	joined := want.DeepCopy()
	for list, key := range sharedMetadata {
		there, before, wanted := itemsOf(live, list), itemsOf(was, list), itemsOf(want, list)
		if len(there) == 0 || len(before)+len(wanted) == 0 { // the patch does not speak of it
			continue
		}
		var items []any
		for _, item := range there {
			switch at := indexOf(wanted, item, key); {
			case at >= 0:
				items = append(items, wanted[at])
			case indexOf(before, item, key) < 0:
				items = append(items, item)
			}
		}
		for _, item := range wanted {
			if indexOf(there, item, key) < 0 {
				items = append(items, item)
			}
		}
		if len(items) == 0 {
			unstructured.RemoveNestedField(joined.Object, "metadata", list)
			continue
		}
		_ = unstructured.SetNestedSlice(joined.Object, items, "metadata", list) // it has metadata: its name
	}
	return joined
}

func itemsOf(o *unstructured.Unstructured, list string) []any {
	items, _, _ := unstructured.NestedSlice(o.Object, "metadata", list)
	return items
}

// indexOf returns where an item is in a list, or -1.
func indexOf(items []any, item any, key string) int {
	same := func(other any) bool { return reflect.DeepEqual(other, item) }
	if fields, ok := item.(map[string]any); ok && key != "" && fields[key] != nil {
		same = func(other any) bool {
			o, ok := other.(map[string]any)
			return ok && reflect.DeepEqual(o[key], fields[key])
		}
	}
	return slices.IndexFunc(items, same)
}

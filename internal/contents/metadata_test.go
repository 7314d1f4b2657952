package contents

import (
	"reflect"
	"testing"
)

func TestWithAdded(t *testing.T) {
	const db = "{apiVersion: x.io/v1, kind: DB, metadata: {name: d, "
	for name, c := range map[string]struct{ was, want, live, joined string }{
		"of others":                      {"finalizers: [a]", "finalizers: [a]", "finalizers: [a, b]", "finalizers: [a, b]"},
		"of others, before the own":      {"finalizers: [a]", "finalizers: [a]", "finalizers: [b, a]", "finalizers: [b, a]"},
		"new in the manifest":            {"finalizers: [a]", "finalizers: [a, c]", "finalizers: [a, b]", "finalizers: [a, b, c]"},
		"not in the manifest any more":   {"finalizers: [a, c]", "finalizers: [a]", "finalizers: [a, b, c]", "finalizers: [a, b]"},
		"the manifest has no list more":  {"finalizers: [a]", "", "finalizers: [a, b]", "finalizers: [b]"},
		"nothing is left":                {"finalizers: [a]", "", "finalizers: [a]", ""},
		"the manifest never had one":     {"", "", "finalizers: [b]", ""},
		"the manifest has the first one": {"", "finalizers: [a]", "finalizers: [b]", "finalizers: [b, a]"},
		"taken away by somebody":         {"finalizers: [a]", "finalizers: [a]", "", "finalizers: [a]"},
		"owners": {"ownerReferences: [{uid: '1', name: x}]", "ownerReferences: [{uid: '1', name: y}]",
			"ownerReferences: [{uid: '1', name: x}, {uid: '2', name: z}]", "ownerReferences: [{uid: '1', name: y}, {uid: '2', name: z}]"},
	} {
		was, want, live := one(t, db+c.was+"}}"), one(t, db+c.want+"}}"), one(t, db+c.live+"}}")
		before := want.DeepCopy()
		if got := WithAdded(was, want, live); !reflect.DeepEqual(got.Object, one(t, db+c.joined+"}}").Object) {
			t.Errorf("%s: %v", name, got.Object["metadata"])
		}
		if !reflect.DeepEqual(before, want) {
			t.Errorf("%s: the manifest's object was changed", name)
		}
	}
}

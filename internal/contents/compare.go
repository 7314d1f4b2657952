package contents

import (
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// walk is one comparison under way.
type walk struct {
	live   *unstructured.Unstructured
	exempt exemptions
	mask   func(string) string // see Options.Mask
	here   path                // to what is compared just now
	found  []finding
	notes  []string
}

// finding is a value that is not as the manifest says.
type finding struct {
	path       path
	want, live any // nil: not there
	// unset is set where the manifest says zero, which the server takes for nothing:
	// it may have set a default.
	unset bool
}

func newWalk(want, live *unstructured.Unstructured) *walk {
	return &walk{live: live, exempt: exemptionsOf(want, live)}
}

// isCore returns whether the object is of this kind of the core group.
func (w *walk) isCore(kind string) bool {
	return w.live.GetKind() == kind && w.live.GetAPIVersion() == "v1"
}

// differ adds a finding at the present path.
func (w *walk) differ(want, live any) { w.add(finding{want: want, live: live}) }

func (w *walk) add(f finding) {
	f.path = slices.Clone(w.here)
	w.found = append(w.found, f)
}

// below compares what a step leads to.
func (w *walk) below(s step, compare func()) {
	w.here = append(w.here, s)
	compare()
	w.here = w.here[:len(w.here)-1]
}

// compare compares two values. s is nil where nothing is known of them.
func (w *walk) compare(want, live any, s *shape) {
	switch wanted := want.(type) {
	case nil:
	case map[string]any:
		if live, ok := live.(map[string]any); ok {
			w.compareStruct(wanted, live, s)
			return
		}
		w.differ(want, live)
	case []any:
		if live, ok := live.([]any); ok {
			w.compareList(wanted, live, s)
			return
		}
		w.differ(want, live)
	default:
		if !equal(want, live, s, w.here) {
			w.differ(want, live)
		}
	}
}

// compareStruct compares the keys that the manifest sets, and what was added to the
// lists that it does not have. Fields that a kind does not know are dropped by the
// server.
func (w *walk) compareStruct(want, live map[string]any, s *shape) {
	for _, key := range slices.Sorted(maps.Keys(want)) {
		known, shape := s.field(key)
		if !known {
			continue
		}
		w.here = append(w.here, step{name: key, secret: isSecretValue(key, want, live)})
		if !w.exempt.field(w, want[key]) {
			w.compareField(want[key], live, key, s, shape)
		}
		w.here = w.here[:len(w.here)-1]
	}
	if s == nil {
		return
	}
	for _, key := range s.additive {
		items, _ := live[key].([]any)
		if _, set := want[key].([]any); set || len(items) == 0 {
			continue
		}
		w.below(step{name: key}, func() {
			if !w.exempt.field(w, nil) {
				w.compareList(nil, items, s.fields[key])
			}
		})
	}
}

// compareField compares the value of a key that the manifest sets.
func (w *walk) compareField(want any, parent map[string]any, key string, of, s *shape) {
	live, there := parent[key]
	switch {
	case !there || live == nil:
		if !isUnset(want, of, s) || of.keeps(want, parent, key) {
			w.differ(want, nil)
		}
	case s != nil && s.zero && isZeroScalar(want) && want != false:
		if !isZero(live) {
			w.add(finding{want: want, live: live, unset: true})
		}
	default:
		w.compare(want, live, s)
	}
}

// isUnset returns whether a value that the manifest sets means the same as none. In
// a map of any keys an empty text does not: a key is there or is not.
func isUnset(want any, of, s *shape) bool {
	if keys, ok := want.(map[string]any); ok && s != nil && s.form == formMap {
		return len(keys) == 0
	}
	return isZero(want) && (want != "" || of == nil || of.form != formMap)
}

// keeps returns whether a zero that the manifest sets is another thing than its
// absence: where the server would keep it, or has something in its place.
func (s *shape) keeps(want any, parent map[string]any, key string) bool {
	if s == nil || s.form != formStruct || want == nil {
		return false
	}
	return s.kept[key] || slices.ContainsFunc(rivals[key], func(rival string) bool { return parent[rival] != nil })
}

// rivals are fields that cannot be beside one that is set.
var rivals = map[string][]string{
	"value": {"valueFrom"}, "valueFrom": {"value"},
	"exec": {"grpc", "httpGet", "tcpSocket"}, "grpc": {"exec", "httpGet", "tcpSocket"},
	"httpGet": {"exec", "grpc", "tcpSocket"}, "tcpSocket": {"exec", "grpc", "httpGet"},
}

// field returns the shape of a field, and whether the server keeps it.
func (s *shape) field(key string) (known bool, field *shape) {
	switch {
	case s == nil:
		return true, nil
	case s.form == formMap:
		return true, s.item
	case s.form == formStruct:
		field, known = s.fields[key]
		return known, field
	}
	return true, s.fields[key]
}

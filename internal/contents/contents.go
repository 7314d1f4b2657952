// Package contents compares live objects with what the manifest of a release says
// of them, field by field.
//
// It is pure: it makes no client and knows no clock.
package contents

import (
	"cmp"
	"encoding/base64"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/internal/text"
)

// Options is what a comparison has to know beside the two objects.
type Options struct {
	Release ownership.Release // whose object it is
	Scaled  bool              // an autoscaler of the manifest chooses its replicas
	// Mask takes out of a text what is known to be secret, before it is cut for people: of a secret that is cut
	// on both sides it could hardly be told what it is. nil: nothing is known.
	Mask func(string) string
}

// Compare returns where a live object is not as the manifest's object want says, in
// the order of their paths. Neither object is changed.
//
// Whatever the manifest sets has to be there, in whichever spelling. Keys of maps
// that it does not set are no difference; items of lists that it does not have are.
//
// Helm's three-way patch of the manifest over itself and the live object is meant
// to tell the same, but it is not empty for many a healthy object: quantities in
// another spelling (1000m), explicit zeros, stringData, and every list without a
// merge key in whose items the server sets defaults (a StatefulSet's
// volumeClaimTemplates).
func Compare(want, live *unstructured.Unstructured, o Options) facts.Contents {
	w := newWalk(want, live)
	w.mask = o.Mask
	found := w.find(want, o)
	out := facts.Contents{Notes: w.notes}
	owners := ownersOf(live)
	for i, f := range found {
		if len(out.Differences) == most {
			out.Differences = append(out.Differences, w.others(found[i:]))
			break
		}
		out.Differences = append(out.Differences, w.difference(f, owners))
	}
	slices.SortStableFunc(out.Differences, func(a, b facts.Difference) int { return cmp.Compare(a.Path, b.Path) })
	return out
}

// find compares the live object with the manifest's and returns what differs.
func (w *walk) find(want *unstructured.Unstructured, o Options) []finding {
	desired := applied(want, o.Release)
	if want.GetAPIVersion() != w.live.GetAPIVersion() {
		w.notes = append(w.notes, "it was read in "+clean(w.live.GetAPIVersion())+", where only its labels and annotations can be compared")
		desired = map[string]any{"metadata": desired["metadata"]}
	}
	w.compareStruct(desired, w.live.Object, schemaOf(want))
	if !o.Scaled {
		w.compareDefaultReplicas(want)
	}
	w.noteAddedData(desired)
	owners := ownersOf(w.live)
	return slices.DeleteFunc(w.found, func(f finding) bool {
		if by := owners.appliedByOther(f.path); by != "" && f.want == nil && f.path[len(f.path)-1].list {
			w.notes = append(w.notes, f.path.String()+" is not in the record, and "+clean(by)+" applies it")
			return true
		}
		if f.path.is("spec", "replicas") && (o.Scaled || scaledByController(w.live)) && !isZero(f.live) {
			w.notes = append(w.notes, "spec.replicas is "+show(f.live)+", which an autoscaler chose")
			return true
		}
		headless := f.path.is("spec", "clusterIP") && f.live == "None" // which nobody allocates
		return f.unset && !headless && !owners.byHand(f.path)          // the server's default, or what a controller allocated
	})
}

// most bounds how many differences of one object are told apart. The others are one
// difference together: who writes to an object decides how many there are, and each
// costs time.
const most = 100

// others returns the findings that are too many as one difference, at a path below
// what they have in common: so ignore-drift names it where it names that.
func (w *walk) others(rest []finding) facts.Difference {
	values := make([]any, len(rest))
	common := rest[0].path
	for i, f := range rest {
		values[i] = f.live
		common = common.common(f.path)
	}
	at := append(slices.Clone(common), step{name: "others"})
	return facts.Difference{Path: at.String(), Recorded: "otherwise", Live: text.Plural(len(rest), "more field"),
		Digest: w.digest(finding{path: rest[0].path, want: rest[0].want, live: values})}
}

// ofServer are the fields of metadata that the server sets whatever a manifest says.
var ofServer = []string{"creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid", "namespace"}

// applied returns what the server is asked to store: the manifest's object without
// what only the server sets, and without the ownership, which Helm writes over
// whatever a chart says of it and which is judged for itself. It shares what it does
// not change with want.
func applied(want *unstructured.Unstructured, r ownership.Release) map[string]any {
	out := maps.Clone(want.Object)
	delete(out, "status")
	meta, _ := out["metadata"].(map[string]any)
	meta = maps.Clone(meta)
	if meta == nil {
		meta = map[string]any{}
	}
	for _, f := range ofServer {
		delete(meta, f)
	}
	for field, keys := range map[string]map[string]string{"labels": r.Labels(), "annotations": r.Annotations()} {
		if set, ok := meta[field].(map[string]any); ok {
			meta[field] = without(set, keys)
		}
	}
	out["metadata"] = meta
	if plain, ok := out["stringData"].(map[string]any); ok && isSecret(want) {
		out["data"] = withStringData(out["data"], plain)
		delete(out, "stringData")
	}
	return out
}

// without returns a map without some keys.
func without(m map[string]any, keys map[string]string) map[string]any {
	out := maps.Clone(m)
	for key := range keys {
		delete(out, key)
	}
	return out
}

// withStringData returns a Secret's data with the texts of its stringData, as the
// server stores them.
func withStringData(data any, plain map[string]any) map[string]any {
	had, _ := data.(map[string]any)
	out := make(map[string]any, len(had)+len(plain))
	maps.Copy(out, had)
	for k, v := range plain {
		out[k] = base64.StdEncoding.EncodeToString([]byte(plainText(v)))
	}
	return out
}

func isSecret(o *unstructured.Unstructured) bool {
	return o.GetKind() == "Secret" && o.GetAPIVersion() == "v1"
}

// keysNoted bounds how many added keys are named.
const keysNoted = 20

// noteAddedData notes the keys that a live ConfigMap or Secret has beside those of
// the manifest.
func (w *walk) noteAddedData(want map[string]any) {
	if !w.isCore("ConfigMap") && (!w.isCore("Secret") || w.live.Object["type"] == "kubernetes.io/service-account-token") {
		return
	}
	for _, field := range []string{"data", "binaryData"} {
		live, _ := w.live.Object[field].(map[string]any)
		set, _ := want[field].(map[string]any)
		added := slices.DeleteFunc(slices.Sorted(maps.Keys(live)), func(key string) bool { _, ok := set[key]; return ok })
		for _, key := range added[:min(len(added), keysNoted)] {
			w.notes = append(w.notes, path{{name: field}, {name: key}}.String()+" is not in the record")
		}
		if n := len(added) - keysNoted; n > 0 {
			w.notes = append(w.notes, text.Plural(n, "more key")+" of "+field+" not in the record")
		}
	}
}

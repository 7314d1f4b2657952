package health

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/internal/facts"
)

// labelManagedBy is by what an object says that something manages it.
const labelManagedBy = "app.kubernetes.io/managed-by"

// DeletionOf returns what an object that is being deleted says of that.
func DeletionOf(meta *metav1.ObjectMeta) facts.Deletion {
	d := facts.Deletion{Finalizers: slices.Clone(meta.Finalizers), ManagedBy: meta.Labels[labelManagedBy],
		Writers: writersOf(meta.ManagedFields, meta.Finalizers)}
	if meta.DeletionTimestamp != nil {
		d.Since = meta.DeletionTimestamp.Time
		if grace := meta.DeletionGracePeriodSeconds; grace != nil { // it is the end of that
			d.Since = d.Since.Add(-time.Duration(*grace) * time.Second)
		}
	}
	if by := metav1.GetControllerOf(meta); by != nil {
		d.Controller = facts.Ref{Kind: by.Kind, Name: by.Name}.String()
	}
	return d
}

// writersOf returns who has written one of the finalizers, in the order of their names.
func writersOf(writes []metav1.ManagedFieldsEntry, finalizers []string) []string {
	writers := map[string]bool{}
	for _, w := range writes {
		if w.FieldsV1 == nil {
			continue
		}
		var owned struct {
			Metadata struct {
				Finalizers map[string]json.RawMessage `json:"f:finalizers"`
			} `json:"f:metadata"`
		}
		if json.Unmarshal(w.FieldsV1.GetRawBytes(), &owned) != nil {
			continue
		}
		for _, f := range finalizers {
			name, err := json.Marshal(f)
			if _, wrote := owned.Metadata.Finalizers["v:"+string(name)]; err == nil && wrote {
				writers[w.Manager] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(writers))
}

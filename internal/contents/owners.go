package contents

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/berth-dev/berth/internal/facts"
)

// write is an entry of managedFields: what one manager has written, and when last.
type write struct {
	manager     string
	subresource string
	applied     bool // on the server's side, which declares that it is to stay so
	at          time.Time
	fields      map[string]any // FieldsV1
}

// owners tells who has written the fields of a live object.
type owners []write

func ownersOf(live *unstructured.Unstructured) owners { return writesOf(live) }

// writesOf reads managedFields as they came, which costs nothing for an object in
// which nothing differs.
func writesOf(live *unstructured.Unstructured) []write {
	meta, _ := live.Object["metadata"].(map[string]any)
	entries, _ := meta["managedFields"].([]any)
	writes := make([]write, 0, len(entries))
	for _, e := range entries {
		entry, _ := e.(map[string]any)
		w := write{}
		w.manager, _ = entry["manager"].(string)
		w.subresource, _ = entry["subresource"].(string)
		w.applied = entry["operation"] == "Apply"
		w.fields, _ = entry["fieldsV1"].(map[string]any)
		at, _ := entry["time"].(string)
		w.at, _ = time.Parse(time.RFC3339, at)
		if w.subresource != "status" {
			writes = append(writes, w)
		}
	}
	return writes
}

// of returns the writes that own the value at a path, the newest first. Where nobody
// owns just that, these are the owners of what it is a part of: a list without keys is
// owned as a whole, and looks like a map that somebody owns without any of its keys.
func (o owners) of(p path) []write {
	var exact, whole []write
	for _, w := range o {
		switch owned(w.fields, p) {
		case len(p):
			exact = append(exact, w)
		case 0:
		default:
			whole = append(whole, w)
		}
	}
	if len(exact) == 0 {
		exact = whole
	}
	slices.SortStableFunc(exact, func(a, b write) int { return b.at.Compare(a.at) })
	return exact
}

// owned returns how far along a path a set of fields goes: to its end, or to what
// has nothing below. It returns 0 where the set has other things there.
func owned(fields map[string]any, p path) int {
	for i, s := range p {
		if len(fields) == 0 {
			return i
		}
		below, ok := child(fields, s)
		if !ok {
			return 0
		}
		fields = below
	}
	return len(p)
}

// child returns what a set of fields says of a step.
func child(fields map[string]any, s step) (map[string]any, bool) {
	if !s.list {
		below, ok := fields["f:"+s.name].(map[string]any)
		return below, ok
	}
	if below, ok := fields["i:"+strconv.Itoa(s.at)].(map[string]any); ok {
		return below, ok
	}
	for name, value := range fields {
		kind, text, _ := strings.Cut(name, ":")
		below, ok := value.(map[string]any)
		if ok && (kind == "k" && hasKeys(s.item, text) || kind == "v" && isValue(s.item, text)) {
			return below, true
		}
	}
	return nil, false
}

// hasKeys returns whether an item has the values of these keys, a JSON object.
func hasKeys(item any, text string) bool {
	var keys map[string]any
	fields, ok := item.(map[string]any)
	if !ok || json.Unmarshal([]byte(text), &keys) != nil {
		return false
	}
	for k, v := range keys {
		if !equalPlain(fields[k], v) {
			return false
		}
	}
	return true
}

func isValue(item any, text string) bool {
	var value any
	return json.Unmarshal([]byte(text), &value) == nil && equalPlain(item, value)
}

// isOwn returns whether a manager is Helm or Berth.
func isOwn(manager string) bool { return manager == "helm" || manager == facts.FieldManager }

// isSystem returns whether a manager is a part of Kubernetes.
func isSystem(manager string) bool {
	switch manager {
	case "kubelet", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "cloud-controller-manager":
		return true
	}
	return false
}

// isPerson returns whether a manager is a tool in somebody's hand.
func isPerson(manager string) bool {
	tool, _, _ := strings.Cut(strings.ToLower(manager), "-")
	switch tool {
	case "kubectl", "k9s", "oc", "lens", "freelens", "headlamp", "rancher", "dashboard", "mozilla", "node":
		return true
	}
	return strings.HasPrefix(strings.ToLower(manager), "mozilla/")
}

// byHand returns whether somebody has written the field who is neither the release
// nor a part of Kubernetes.
func (o owners) byHand(p path) bool {
	for _, w := range o.of(p) {
		if !isOwn(w.manager) && !isSystem(w.manager) {
			return true
		}
	}
	return false
}

// appliedByOther returns who alone declares the value at a path by server-side apply: neither
// the release nor a person. It returns "" where there is none.
func (o owners) appliedByOther(p path) (manager string) {
	for _, w := range o {
		switch {
		case owned(w.fields, p) != len(p):
		case isOwn(w.manager):
			return ""
		case w.applied && !isPerson(w.manager):
			manager = w.manager
		}
	}
	return manager
}

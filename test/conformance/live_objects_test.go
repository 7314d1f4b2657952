//go:build conformance

package conformance

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
)

// object names a live object of the row's namespace, or one without a namespace.
type object struct{ apiVersion, resource, name string }

// clusterWide are the resources without a namespace that rows make.
var clusterWide = map[string]bool{
	"clusterroles": true, "persistentvolumes": true, "customresourcedefinitions": true,
	"mutatingwebhookconfigurations": true, "validatingwebhookconfigurations": true,
}

func (s *fixture) client(o object) dynamic.ResourceInterface {
	s.t.Helper()
	client, err := dynamic.NewForConfig(s.Config())
	if err != nil {
		s.t.Fatal(err)
	}
	version, err := schema.ParseGroupVersion(o.apiVersion)
	if err != nil {
		s.t.Fatal(err)
	}
	all := client.Resource(version.WithResource(o.resource))
	if clusterWide[o.resource] {
		return all
	}
	return all.Namespace(s.namespace)
}

// patch merges a change into a live object, as this field manager.
func (s *fixture) patch(manager string, o object, change string) {
	s.t.Helper()
	s.patchAs(manager, o, types.MergePatchType, change)
}

// strategic is patch for lists that are merged by their keys.
func (s *fixture) strategic(manager string, o object, change string) {
	s.t.Helper()
	s.patchAs(manager, o, types.StrategicMergePatchType, change)
}

func (s *fixture) patchAs(manager string, o object, kind types.PatchType, change string) {
	s.t.Helper()
	_, err := s.client(o).Patch(s.t.Context(), o.name, kind, []byte(change), metav1.PatchOptions{FieldManager: manager})
	if err != nil {
		s.t.Errorf("patching %s/%s: %v", o.resource, o.name, err)
	}
}

func (s *fixture) read(o object) *unstructured.Unstructured {
	s.t.Helper()
	found, err := s.client(o).Get(s.t.Context(), o.name, metav1.GetOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	return found
}

// live is what an object has at a path such as spec.ports.0.name, as JSON; # is how
// many items there are.
func (s *fixture) live(o object, path string) string {
	s.t.Helper()
	var value any = s.read(o).Object
	for step := range strings.SplitSeq(path, ".") {
		switch below := value.(type) {
		case map[string]any:
			value = below[step]
		case []any:
			if at, err := strconv.Atoi(step); err == nil && at < len(below) {
				value = below[at]
			} else {
				value = len(below)
			}
		default:
			value = nil
		}
	}
	text, err := json.Marshal(value)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

// has fails the row unless a live object has this at a path.
func (s *fixture) has(o object, path, want string) {
	s.t.Helper()
	if got := s.live(o, path); got != want {
		s.t.Errorf("%s/%s has %s: %s, want %s", o.resource, o.name, path, got, want)
	}
}

// versions tells apart two states of live objects.
func (s *fixture) versions(objects ...object) string {
	s.t.Helper()
	var all []string
	for _, o := range objects {
		found := s.read(o)
		// A workload's status changes its resourceVersion, and what it wants its generation.
		all = append(all, fmt.Sprintf("%s: generation %d, written %v", o.name, found.GetGeneration(), writes(found)))
	}
	return strings.Join(all, "; ")
}

// writes are when each manager last wrote an object, apart from its status.
func writes(o *unstructured.Unstructured) (at []string) {
	for _, m := range o.GetManagedFields() {
		if m.Subresource == "" && m.Time != nil {
			at = append(at, m.Manager+" "+m.Time.UTC().Format("15:04:05"))
		}
	}
	return at
}

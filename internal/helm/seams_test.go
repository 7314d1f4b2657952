package helm

import (
	"errors"
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/resource"
	"sigs.k8s.io/yaml"

	"github.com/berth-dev/berth/internal/problem"
)

// Whatever a definition looks like, it tells which kinds it has served, or none.
func TestKinds(t *testing.T) {
	for name, c := range map[string]struct {
		definition string
		want       []schema.GroupVersionKind
	}{
		"two versions, one served": {"{kind: CustomResourceDefinition, spec: {group: a.b, names: {kind: K}, versions: [{name: v1, served: true}, {name: v2, served: false}]}}",
			[]schema.GroupVersionKind{{Group: "a.b", Version: "v1", Kind: "K"}}},
		"another kind":      {"{kind: ConfigMap}", nil},
		"no spec":           {"{kind: CustomResourceDefinition}", nil},
		"malformed":         {"{kind: CustomResourceDefinition, spec: {group: 1, names: [], versions: [x, {served: yes}]}}", nil},
		"versions no list":  {"{kind: CustomResourceDefinition, spec: {versions: {a: b}}}", nil},
		"names are no text": {"{kind: CustomResourceDefinition, spec: {versions: [{name: 1, served: 'true'}]}}", nil},
	} {
		t.Run(name, func(t *testing.T) {
			var o unstructured.Unstructured
			if err := yaml.Unmarshal([]byte(c.definition), &o.Object); err != nil {
				t.Fatal(err)
			}
			if got := kinds(&resource.Info{Object: &o}); !slices.Equal(got, c.want) {
				t.Errorf("kinds %v, want %v", got, c.want)
			}
		})
	}
}

// What Helm puts into text keeps its ending and its permission.
func TestOutcomeKeepsTheReason(t *testing.T) {
	lost := &problem.Problem{Reason: problem.PermissionMissing, Tried: "wait for the hook to end", Missing: []problem.MissingPermission{{}}}
	c := &client{phases: newPhases(), reason: lost, unproven: []string{"Job/seed"}}
	text := errors.New("failed pre-install: " + lost.Error())
	o := c.outcome(nil, false, text)
	if p := problem.Of(o.Err); p != lost || o.Err.Error() != text.Error() || !errors.Is(o.Err, text) {
		t.Errorf("the error is %v", o.Err)
	}
	if len(o.Unproven) != 1 {
		t.Errorf("unproven: %v", o.Unproven)
	}
	// Helm's goroutine may still write to the client of an operation that was cut.
	if o := c.outcome(nil, true, text); problem.Of(o.Err) == lost || o.Unproven != nil || !o.Cut {
		t.Errorf("an operation that was cut: %+v", o)
	}
	if o := c.outcome(nil, false, nil); o.Err != nil {
		t.Errorf("a success has the error %v", o.Err)
	}
}

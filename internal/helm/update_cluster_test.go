//go:build cluster

package helm_test

import (
	"fmt"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/berth-dev/berth/internal/facts"
)

// many returns a chart with count ConfigMaps that hold text, without the dropped
// ones, and as many Services after them.
func many(text string, count int, dropped ...int) map[string]string {
	var maps, services strings.Builder
	for i := range count {
		left := false
		for _, d := range dropped {
			left = left || d == i
		}
		if !left {
			fmt.Fprintf(&maps, "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: m%d}\ndata: {text: %q}\n", i, text)
		}
		fmt.Fprintf(&services, "---\napiVersion: v1\nkind: Service\nmetadata: {name: s%d}\nspec: {ports: [{port: 80}], selector: {a: b}}\n", i)
	}
	return map[string]string{"templates/a.yaml": maps.String(), "templates/b.yaml": services.String()}
}

// An upgrade in parallel changes, creates and deletes all that it should.
func TestUpgradeOfManyObjects(t *testing.T) {
	s := asAdmin(t)
	if o := s.releases("web", many("one", 40)).Perform(t.Context(), facts.ModeInstall, nil); !o.Applied {
		t.Fatal(o.Err)
	}
	if o := s.releases("web", many("two", 44, 3, 7)).Perform(t.Context(), facts.ModeUpgrade, nil); !o.Applied {
		t.Fatal(o.Err)
	}
	found, err := s.Client().CoreV1().ConfigMaps(s.namespace).List(t.Context(),
		metav1.ListOptions{LabelSelector: "app.kubernetes.io/managed-by=Helm"})
	if err != nil || len(found.Items) != 42 {
		t.Fatalf("%d ConfigMaps, %v", len(found.Items), err)
	}
	for _, m := range found.Items {
		if m.Data["text"] != "two" || m.Name == "m3" || m.Name == "m7" {
			t.Errorf("%s says %q", m.Name, m.Data["text"])
		}
	}
	services, err := s.Client().CoreV1().Services(s.namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil || len(services.Items) != 44 {
		t.Errorf("%d Services, %v", len(services.Items), err)
	}
}

// As with Helm, the error names every object that cannot be patched, and the others
// are patched.
func TestUpgradeNamesAllThatFailed(t *testing.T) {
	s := asAdmin(t)
	fixed := func(text string) map[string]string {
		files := many(text, 5)
		files["templates/c.yaml"] = fmt.Sprintf("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: k1}\nimmutable: true\ndata: {text: %[1]s}\n"+
			"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: k2}\nimmutable: true\ndata: {text: %[1]s}\n", text)
		return files
	}
	if o := s.releases("web", fixed("one")).Perform(t.Context(), facts.ModeInstall, nil); !o.Applied {
		t.Fatal(o.Err)
	}
	files := fixed("two")
	files["templates/b.yaml"] = strings.ReplaceAll(files["templates/b.yaml"], "{a: b}", "{a: c}")
	o := s.releases("web", files).Perform(t.Context(), facts.ModeUpgrade, nil)
	if o.Applied || o.Err == nil || !strings.Contains(o.Err.Error(), `"k1"`) || !strings.Contains(o.Err.Error(), `"k2"`) {
		t.Errorf("outcome %+v", o)
	}
	last, err := s.Client().CoreV1().Services(s.namespace).Get(t.Context(), "s4", metav1.GetOptions{})
	if err != nil || last.Spec.Selector["a"] != "c" {
		t.Errorf("the Service that comes later selects %v, %v", last.Spec.Selector, err)
	}
}

// A failed revision of which no patch could be made has set nothing, and does not
// stop the upgrade that corrects it.
func TestUpgradeOverARevisionThatMadeNoPatch(t *testing.T) {
	s := asAdmin(t)
	chart := func(env string) map[string]string {
		return map[string]string{"templates/a.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec:\n  replicas: 0\n  selector: {matchLabels: {a: b}}\n" +
			"  template:\n    metadata: {labels: {a: b}}\n    spec: {containers: [{name: c, image: x, env: [" + env + "]}]}\n"}
	}
	good, bad := chart("{name: a, value: b}"), chart("{value: b}")
	if o := s.releases("web", good).Perform(t.Context(), facts.ModeInstall, nil); !o.Applied {
		t.Fatal(o.Err)
	}
	if o := s.releases("web", bad).Perform(t.Context(), facts.ModeUpgrade, nil); o.Applied || o.Err == nil {
		t.Fatalf("outcome %+v", o)
	}
	if o := s.releases("web", good).Perform(t.Context(), facts.ModeUpgrade, []string{bad["templates/a.yaml"]}); !o.Applied {
		t.Error(o.Err)
	}
}

// A custom resource that is not what the last manifest says is brought to what the
// new one says, also where the two say the same: an upgrade and a rollback compare
// with what lives.
func TestUpdateOfACustomResourceThatIsStale(t *testing.T) {
	s := asAdmin(t)
	g := s.gadgets()
	g.make(t, "cogs", "Cog")
	cogs := g.dyn.Resource(schema.GroupVersionResource{Group: g.group, Version: "v1", Resource: "cogs"}).Namespace(s.namespace)
	chart := func(teeth int) map[string]string {
		return map[string]string{"templates/a.yaml": fmt.Sprintf(
			"apiVersion: %s/v1\nkind: Cog\nmetadata: {name: one}\nspec: {teeth: %d, of: [a, b]}\n", g.group, teeth)}
	}
	if o := s.releases("web", chart(1)).Perform(t.Context(), facts.ModeInstall, nil); !o.Applied {
		t.Fatal(o.Err)
	}
	edit := func() {
		t.Helper()
		if _, err := cogs.Patch(t.Context(), "one", types.MergePatchType, []byte(`{"spec":{"teeth":9,"of":["x"],"oil":true}}`),
			metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	holds := func(what string, teeth int64) {
		t.Helper()
		o, err := cogs.Get(t.Context(), "one", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		got, _, _ := unstructured.NestedInt64(o.Object, "spec", "teeth")
		of, _, _ := unstructured.NestedStringSlice(o.Object, "spec", "of")
		oil, _, _ := unstructured.NestedBool(o.Object, "spec", "oil")
		if got != teeth || len(of) != 2 || !oil {
			t.Errorf("after the %s it is %v; want %d teeth, of a and b, and the key that no manifest sets", what, o.Object["spec"], teeth)
		}
	}
	edit()
	if o := s.releases("web", chart(1)).Perform(t.Context(), facts.ModeUpgrade, nil); !o.Applied {
		t.Fatal(o.Err)
	}
	holds("upgrade to the same", 1)
	if o := s.releases("web", chart(2)).Perform(t.Context(), facts.ModeUpgrade, nil); !o.Applied {
		t.Fatal(o.Err)
	}
	holds("upgrade", 2)
	edit()
	if o := s.releases("web", chart(2)).Rollback(t.Context(), facts.Rollback{To: 3}); !o.Applied {
		t.Fatal(o.Err)
	}
	holds("rollback to the same", 2)
}

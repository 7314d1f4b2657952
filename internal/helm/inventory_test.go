package helm

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// offered returns the mapper of an API server that no longer has PodSecurityPolicy,
// and HorizontalPodAutoscaler in v2 only.
func offered() *meta.DefaultRESTMapper {
	m := meta.NewDefaultRESTMapper([]schema.GroupVersion{{Group: "autoscaling", Version: "v2"}})
	m.Add(schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}, meta.RESTScopeNamespace)
	m.Add(schema.GroupVersionKind{Version: "v1", Kind: "Namespace"}, meta.RESTScopeRoot)
	m.Add(schema.GroupVersionKind{Group: "autoscaling", Version: "v2", Kind: "HorizontalPodAutoscaler"}, meta.RESTScopeNamespace)
	return m
}

const stored = `
---
# Source: web/templates/app.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: web, namespace: elsewhere}
data: {big: text}
---
# nothing but a comment
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: listed}}
---
apiVersion: autoscaling/v2beta2
kind: HorizontalPodAutoscaler
metadata: {name: moved}
---
apiVersion: policy/v1beta1
kind: PodSecurityPolicy
metadata: {name: away}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: stays, annotations: {helm.sh/resource-policy: " Keep "}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: goes, annotations: {helm.sh/resource-policy: delete}}
`

func TestInventory(t *testing.T) {
	of, err := inventory(stored, offered())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`{"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler","metadata":{"name":"moved","namespace":""}}`,
		`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"goes","namespace":""}}`,
		`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"listed","namespace":""}}`,
		`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"web","namespace":"elsewhere"}}`,
	}
	got := strings.Split(strings.TrimPrefix(of.objects, "\n---\n"), "\n---\n")
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("to be deleted:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if !slices.Equal(of.missing, []string{"PodSecurityPolicy/away (policy/v1beta1)"}) {
		t.Errorf("missing: %q", of.missing)
	}
	if of.kept != "" {
		t.Errorf("nothing could take along what is kept, and it is to be looked for: %s", of.kept)
	}
}

// Where something goes that others could go with, what is to be kept is told.
func TestInventoryTellsWhatIsKept(t *testing.T) {
	const kept = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: gone, namespace: data}\n"
	for _, kind := range []string{"v1\nkind: Namespace", "v1\nkind: PersistentVolume",
		"apiextensions.k8s.io/v1\nkind: CustomResourceDefinition"} {
		of, err := inventory(stored+"---\napiVersion: "+kind+"\nmetadata: {name: all}\n", offered())
		if want := `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"stays","namespace":""}}`; err != nil ||
			strings.TrimSpace(of.kept) != "---\n"+want {
			t.Errorf("%s: %q, %v", kind, of.kept, err)
		}
	}
	of, err := inventory(kept+"---\napiVersion: v1\nkind: Namespace\nmetadata: {name: data, annotations: {helm.sh/resource-policy: keep}}\n",
		offered())
	if err != nil || of.kept != "" {
		t.Errorf("a Namespace that stays: %q, %v", of.kept, err)
	}
}

// silent is the mapper of an API server whose discovery fails.
type silent struct{ meta.RESTMapper }

var errSilent = errors.New("no answer")

func (silent) RESTMapping(schema.GroupKind, ...string) (*meta.RESTMapping, error) {
	return nil, errSilent
}

func TestInventoryTakesNothingUnknownForGone(t *testing.T) {
	if of, err := inventory(stored, silent{}); !errors.Is(err, errSilent) {
		t.Errorf("missing %q, error %v", of.missing, err)
	}
}

// What cannot be read for certain is not deleted, and the error says where it stands.
func TestInventoryRefusesMetadataThatCannotBeRead(t *testing.T) {
	const (
		single = "apiVersion: v1\nkind: ConfigMap\nmetadata: "
		list   = "apiVersion: v1\nkind: ConfigMapList\nmetadata: {name: all}\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: "
	)
	for name, c := range map[string]struct{ document, says string }{
		"an annotation beside keep": {single + "{name: web, annotations: {helm.sh/resource-policy: keep, x: 1}}\n",
			"ConfigMap/web (web/templates/app.yaml)"},
		"annotations no map":       {list + "{name: web, annotations: [keep]}}\n", "ConfigMapList/all (web/templates/app.yaml)"},
		"metadata no map":          {list + "3}\n", "ConfigMapList/all (web/templates/app.yaml)"},
		"metadata null":            {list + "null}\n", "a ConfigMap has no name"},
		"no name":                  {single + "{labels: {a: b}}\n", "of ConfigMap (web/templates/app.yaml): a ConfigMap has no name"},
		"a name that is no text":   {list + "{name: 3}}\n", "a ConfigMap has no name"},
		"a namespace that is none": {list + "{name: web, namespace: 3}}\n", `the namespace of ConfigMap "web"`},
		"an item that is none":     {"apiVersion: v1\nkind: List\nitems: [3]\n", "parse List (web/templates/app.yaml)"},
		"no kind":                  {"apiVersion: v1\nmetadata: {name: x}\n", "parse a document of the manifest (web/templates/app.yaml)"},
		"a list in the list":       {list + "{name: web}}\n- {apiVersion: v1, kind: List, items: [3]}\n", "parse ConfigMapList/all ("},
	} {
		of, err := inventory(stored+"---\n# Source: web/templates/app.yaml\n"+c.document, offered())
		if err == nil || !strings.Contains(err.Error(), c.says) || of.objects != "" {
			t.Errorf("%s: objects %q, error %v; want %q in it", name, of.objects, err, c.says)
		}
	}
	of, err := inventory(single+"{name: web, namespace: null, annotations: {x: null}}\n", offered())
	if err != nil || of.objects == "" {
		t.Errorf("an empty namespace and annotation: %q, %v", of.objects, err)
	}
}

func TestInventoryOfWhatIsNoManifest(t *testing.T) {
	for _, manifest := range []string{"{", "kind: [", "apiVersion: v1\nmetadata: {name: x}", "- a"} {
		if of, err := inventory(manifest, offered()); err == nil {
			t.Errorf("%q gave %q and no error", manifest, of.objects)
		}
	}
	if of, err := inventory("", offered()); of.objects != "" || of.missing != nil || err != nil {
		t.Errorf("an empty manifest gave %q, %q, %v", of.objects, of.missing, err)
	}
}

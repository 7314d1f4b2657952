//go:build cluster

package helm_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/yaml"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/test/kubetest"
)

var crds = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}

// gadgets are two CRDs, of a group that no other test uses.
type gadgets struct {
	group  string
	client dynamic.ResourceInterface
	dyn    dynamic.Interface
}

func (s *stage) gadgets() gadgets {
	s.t.Helper()
	client, err := dynamic.NewForConfig(s.Config())
	if err != nil {
		s.t.Fatal(err)
	}
	g := gadgets{group: strings.ToLower(rand.Text()[:8]) + ".example.com", client: client.Resource(crds), dyn: client}
	s.t.Cleanup(func() {
		ctx := context.WithoutCancel(s.t.Context())
		for _, name := range []string{"cogs", "bolts"} {
			if err := g.client.Delete(ctx, name+"."+g.group, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
				s.t.Error(err)
			}
		}
	})
	return g
}

func (g gadgets) definition(plural, kind string) string {
	return fmt.Sprintf(`apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: %[1]s.%[3]s}
spec:
  group: %[3]s
  scope: Namespaced
  names: {plural: %[1]s, singular: %[4]s, kind: %[2]s}
  versions:
    - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
`, plural, kind, g.group, strings.ToLower(kind))
}

// files returns a chart with both CRDs in one file, and an object of each.
func (g gadgets) files() map[string]string {
	return map[string]string{
		"crds/both.yaml": "# both\n---\n" + g.definition("cogs", "Cog") + "---\n" + g.definition("bolts", "Bolt"),
		"templates/all.yaml": fmt.Sprintf("{{ if not (.Capabilities.APIVersions.Has \"%[1]s/v1/Bolt\") }}# not yet\n{{ end }}"+
			"apiVersion: %[1]s/v1\nkind: Cog\nmetadata: {name: one, annotations: {known: {{ .Capabilities.APIVersions.Has \"%[1]s/v1/Bolt\" | quote }}}}\n"+
			"---\napiVersion: %[1]s/v1\nkind: Bolt\nmetadata: {name: one}\n", g.group),
	}
}

// make creates one of the CRDs as an administrator would have.
func (g gadgets) make(t *testing.T, plural, kind string) *unstructured.Unstructured {
	t.Helper()
	var o unstructured.Unstructured
	if err := yaml.Unmarshal([]byte(g.definition(plural, kind)), &o.Object); err != nil {
		t.Fatal(err)
	}
	o.SetAnnotations(map[string]string{"made-by": "admin"})
	if _, err := g.client.Create(t.Context(), &o, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	kinds := g.dyn.Resource(schema.GroupVersionResource{Group: g.group, Version: "v1", Resource: plural})
	kubetest.Eventually(t, 20*time.Second, func() (bool, string) {
		_, err := kinds.List(t.Context(), metav1.ListOptions{})
		return err == nil, fmt.Sprint(err)
	})
	found, err := g.client.Get(t.Context(), o.GetName(), metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// One CRD of a file exists: it stays as it is, and the other is created.
func TestCRDsStandAlone(t *testing.T) {
	s := asAdmin(t)
	g := s.gadgets()
	before := g.make(t, "cogs", "Cog")
	o := s.releases("web", g.files()).Perform(t.Context(), facts.ModeInstall, nil)
	if o.Err != nil || !o.Applied {
		t.Fatalf("outcome %+v", o)
	}
	after, err := g.client.Get(t.Context(), before.GetName(), metav1.GetOptions{})
	if err != nil || after.GetAnnotations()["made-by"] != "admin" || after.GetGeneration() != before.GetGeneration() {
		t.Errorf("the CRD that existed became %v (%v)", after, err)
	}
	cog, err := g.dyn.Resource(schema.GroupVersionResource{Group: g.group, Version: "v1", Resource: "cogs"}).
		Namespace(s.namespace).Get(t.Context(), "one", metav1.GetOptions{})
	if err != nil || cog.GetAnnotations()["known"] != "true" {
		t.Errorf("the templates did not see the new kinds: %v (%v)", cog, err)
	}
}

// A user who may not read CRDs can deploy where they exist, and gets the missing
// permissions where one does not.
func TestCRDsDenied(t *testing.T) {
	s := asDeployer(t)
	g := s.gadgets()
	g.make(t, "cogs", "Cog")
	p := ends(t, s.releases("web", g.files()).Perform(t.Context(), facts.ModeInstall, nil), problem.PermissionMissing,
		"CustomResourceDefinition/bolts."+g.group)
	if len(p.Missing) != 2 || p.Missing[0].Verb != "create" || p.Missing[1].Verb != "get" ||
		p.Missing[0].Resource != "customresourcedefinitions" {
		t.Errorf("gaps %+v", p.Missing)
	}
	if s.stored() > 0 {
		t.Error("a record was stored")
	}
	g.make(t, "bolts", "Bolt")
	account := s.ServiceAccount(t, s.namespace, "maker", append(s.SecretRules(),
		rbacv1.PolicyRule{APIGroups: []string{g.group}, Resources: []string{"cogs", "bolts"}, Verbs: []string{"get", "create"}})...)
	s.kubeconfig = account.Kubeconfig
	if o := s.releases("web", g.files()).Perform(t.Context(), facts.ModeInstall, nil); o.Err != nil {
		t.Errorf("outcome %+v", o)
	}
}

// A CRD that the API server refuses makes the chart invalid. The error names those
// that were created.
func TestCRDsRefused(t *testing.T) {
	s := asAdmin(t)
	g := s.gadgets()
	files := g.files()
	files["crds/both.yaml"] = strings.Replace(files["crds/both.yaml"], "plural: bolts", "plural: nuts", 1)
	p := ends(t, s.releases("web", files).Perform(t.Context(), facts.ModeInstall, nil), problem.ChartInvalid,
		"CustomResourceDefinition/bolts."+g.group)
	if !strings.Contains(p.Next, "left in place: CustomResourceDefinition/cogs."+g.group) {
		t.Errorf("it does not say what was made: %s", p.Next)
	}
	files["crds/both.yaml"] = "apiVersion: apiextensions.k8s.io/v1beta1\nkind: CustomResourceDefinition\nmetadata: {name: x}\n"
	ends(t, s.releases("web", files).Perform(t.Context(), facts.ModeInstall, nil), problem.ChartInvalid, "crds/both.yaml")
	if s.stored() > 0 {
		t.Error("a record was stored")
	}
}

// After Refresh, a run knows the kinds that another run has created meanwhile.
func TestRefreshSeesKindsThatCameMeanwhile(t *testing.T) {
	s := asAdmin(t)
	g := s.gadgets()
	r := s.releases("web", map[string]string{"templates/a.yaml": fmt.Sprintf(
		"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {known: {{ .Capabilities.APIVersions.Has \"%s/v1/Bolt\" | quote }}}\n",
		g.group)})
	g.make(t, "bolts", "Bolt")
	kubetest.Eventually(t, 20*time.Second, func() (bool, string) { // it is told of later than it is served
		_, all, err := s.Client().Discovery().ServerGroupsAndResources()
		return slices.ContainsFunc(all, func(l *metav1.APIResourceList) bool { return l.GroupVersion == g.group+"/v1" }), fmt.Sprint(err)
	})
	r.Refresh()
	if _, err := r.Render(t.Context(), 1, false); err != nil {
		t.Fatal(err)
	}
	if o := r.Perform(t.Context(), facts.ModeInstall, nil); !o.Applied {
		t.Fatal(o.Err)
	}
	found, err := s.Client().CoreV1().ConfigMaps(s.namespace).Get(t.Context(), "a", metav1.GetOptions{})
	if err != nil || found.Data["known"] != "true" {
		t.Errorf("%v, %v", found.Data, err)
	}
}

//go:build cluster

package e2e

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// crdChart is a chart whose object is of a kind that its own CRD makes.
func (s *fixture) crdChart() (folder, name string) {
	s.t.Helper()
	group := strings.ToLower(rand.Text()[:8]) + ".example.com"
	folder, name = chartFolder(s.t, "", fmt.Sprintf("apiVersion: %s/v1\nkind: Cog\nmetadata: {name: one}\n", group)), "cogs."+group
	definition := fmt.Sprintf(`apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: %[2]s}
spec:
  group: %[1]s
  scope: Namespaced
  names: {plural: cogs, singular: cog, kind: Cog}
  versions:
    - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
`, group, name)
	if err := os.Mkdir(filepath.Join(folder, "crds"), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "crds", "cog.yaml"), []byte(definition), 0o600); err != nil {
		s.t.Fatal(err)
	}
	client, err := dynamic.NewForConfig(s.Config())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		crds := client.Resource(schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"})
		if err := crds.Delete(context.WithoutCancel(s.t.Context()), name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			s.t.Error(err)
		}
	})
	return folder, name
}

// A chart's CRD is there before its objects are, in one run.
func TestDeployMakesTheChartsCRDs(t *testing.T) {
	s := newAdminFixture(t)
	s.chart, _ = s.crdChart()
	s.berth("deploy").exit(t, 0).checksHold(t)
	s.berth("deploy").exit(t, 0).checksHold(t)
	s.helmReads("deployed")
}

// CRDs are made before the record: without the right to, nothing is stored.
func TestDeployMayNotMakeACRD(t *testing.T) {
	s := newFixture(t)
	var name string
	s.chart, name = s.crdChart()
	s.berth("deploy").exit(t, 20).says(t, name, "customresourcedefinitions")
	if got := s.statuses(); len(got) > 0 {
		t.Errorf("stored is %v, want nothing", got)
	}
}

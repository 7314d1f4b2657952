//go:build cluster

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/berth-dev/berth/test/kubetest"
)

// shapes is the folder of small charts that have what makes public charts special.
const shapes = "testdata/shapes"

// What public charts are made of deploys, is found as its record says, costs
// nothing when it is deployed again unchanged, and is still found so when the
// controllers have looked at all of it.
func TestShapesOfPublicCharts(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(shapes, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	folders, err := os.ReadDir(shapes)
	if err != nil {
		t.Fatal(err)
	}
	played := 0
	for _, folder := range folders {
		if !folder.IsDir() {
			continue
		}
		played++
		if !strings.Contains(string(readme), "`"+folder.Name()+"`") {
			t.Errorf("the README does not say which charts %s stands for", folder.Name())
		}
		t.Run(folder.Name(), func(t *testing.T) { provenTwice(t, folder.Name()) })
	}
	if played < 25 {
		t.Errorf("there are %d shapes, want at least 25", played)
	}
}

func provenTwice(t *testing.T, name string) {
	t.Parallel()
	s := newShape(t, name)
	if play, ok := players[name]; ok {
		play(s)
	}
	s.berth("deploy").exit(t, 0).checksHold(t).sameAsRecorded(t)
	s.berth("check").exit(t, 0).checksHold(t).sameAsRecorded(t)
	audit := s.audit()
	again := s.berth("deploy").exit(t, 0).checksHold(t).sameAsRecorded(t)
	for _, request := range audit.take(t) {
		if request.writes() && !request.isOfTheRun() {
			t.Errorf("a redeploy that changes nothing sent %s", request)
		}
	}
	s.awaitControllers(again.objects(t))
	s.berth("check").exit(t, 0).checksHold(t).sameAsRecorded(t)
	s.berth("teardown").exit(t, 0)
}

// shape is a fixture whose user may do everything: charts make objects of every
// kind, and in other namespaces.
type shape struct {
	*fixture
	user string
}

func newShape(t *testing.T, name string) *shape {
	t.Helper()
	c := kubetest.Connect(t)
	s := &shape{fixture: &fixture{Cluster: c, t: t, namespace: c.Namespace(t), release: "web", branch: "feature/login",
		chart: filepath.Join(shapes, name)}}
	account := c.ServiceAccount(t, s.namespace, "shaper")
	account.GrantCluster(t, rbacv1.PolicyRule{NonResourceURLs: []string{"*"}, Verbs: []string{"*"}},
		rbacv1.PolicyRule{APIGroups: []string{"*"}, Resources: []string{"*"}, Verbs: []string{"*"}})
	s.kubeconfig, s.user = account.Kubeconfig, account.User
	t.Cleanup(s.removeKeptDefinitions)
	return s
}

// sameAsRecorded fails the test where an object is not as the record says.
func (e ended) sameAsRecorded(t *testing.T) ended {
	t.Helper()
	objects, _ := e.report["objects"].([]any)
	if len(objects) == 0 {
		t.Error("the report has no objects")
	}
	for _, o := range objects {
		object, _ := o.(map[string]any)
		if found, differs := object["differences"]; differs {
			t.Errorf("%s: %v/%v differs: %v", e.text("verb"), object["kind"], object["name"], found)
		}
	}
	return e
}

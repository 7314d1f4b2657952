//go:build conformance

package conformance

import (
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/test/kubetest"
)

// leftoversInUse are the rows about what a revision that failed has left, and others need.
var leftoversInUse = []row{
	{ID: "S187", Setup: "a revision that failed left a definition and a Namespace; the chart has the definition in its crds folder by now, " +
		"an object of its kind and one in the Namespace",
		Action: "deploy, deploy, teardown", End: "the definition, the Namespace and the objects; then the former two, which are named",
		Exit: "23, 0 + warning, 0, 0", Gone: true, run: func(s *fixture) {
			name, boats, boat := s.leftDefinition()
			s.chartWith("crds/boats.yaml", s.crd("Boat"))
			s.chartWith("templates/own.yaml", s.ownBoat("")+"---"+strings.ReplaceAll(mapInNamespace, "NAME", name))
			s.neededStays(name, boats, boat, "the chart has it in its crds folder", "ConfigMap/marked, of the release, is in it")
		}},
	{ID: "S187b", Setup: "the same, and only hooks of the chart make such objects", Action: "deploy, deploy, teardown",
		End: "the same", Exit: "23, 0 + warning, 0, 0", Gone: true, run: func(s *fixture) {
			name, boats, boat := s.leftDefinition()
			const hook = `annotations: {helm.sh/hook: "post-install,post-upgrade"}, `
			inNamespace := strings.NewReplacer("NAME", name, "{name", "{"+hook+"name").Replace(mapInNamespace)
			s.chartWith("templates/own.yaml", s.ownBoat(hook)+"---"+inNamespace)
			s.neededStays(name, boats, boat, "own, of the release, is of its kind", "ConfigMap/marked, of the release, is in it")
		}},
	{ID: "S187c", Setup: "the same, and the chart has nothing of it", Action: "deploy", End: "neither the definition nor the Namespace",
		Exit: "23, 0 + warning, 0", Gone: true, run: func(s *fixture) {
			name, boats, _ := s.leftDefinition()
			s.berth("deploy").exit(0).warned("Release repaired")
			kubetest.Eventually(s.t, runLimit, func() (bool, string) { return s.uid(boats) == "", boats.name + " is there" })
			s.berth("teardown").exit(0)
			s.goneAtLast(name)
		}},
}

// leftDefinition deploys the app, and then a chart with a definition and a Namespace, which
// fails. The chart is the app's again.
func (s *fixture) leftDefinition() (namespace string, boats, boat object) {
	s.t.Helper()
	s.asAdmin()
	plain := s.chart
	namespace = s.namespace + "-db"
	s.goes(namespace)
	s.berth("deploy").exit(0)
	s.chartWith("templates/boats.yaml", s.crd("Boat")+"---"+strings.ReplaceAll(namespaceOfTheChart, "NAME", namespace)+"---"+refusedService)
	s.berth("deploy").exit(23)
	s.t.Cleanup(func() { s.deleteDefinition("Boat") })
	s.chart = plain
	return namespace, object{"apiextensions.k8s.io/v1", "customresourcedefinitions", plural("Boat") + "." + s.group()},
		object{s.group() + "/v1", plural("Boat"), "own"}
}

// goneAtLast waits until a namespace is gone.
func (s *fixture) goneAtLast(name string) {
	s.t.Helper()
	kubetest.Eventually(s.t, runLimit, func() (bool, string) {
		_, err := s.Client().CoreV1().Namespaces().Get(s.t.Context(), name, metav1.GetOptions{})
		return apierrors.IsNotFound(err), name + " is there"
	})
}

func (s *fixture) ownBoat(annotations string) string {
	return "{apiVersion: " + s.group() + "/v1, kind: Boat, metadata: {" + annotations + "name: own}}\n"
}

// neededStays deploys twice, and sees that the definition, the Namespace and what is in them
// stay; and after the teardown the former two.
func (s *fixture) neededStays(name string, boats, boat object, whyDefinition, whyNamespace string) {
	s.t.Helper()
	before := s.uidsOf(boats)
	s.berth("deploy").exit(0).warned("Left in place").
		says(boats.name+" was kept: ", whyDefinition, "Namespace/"+name+" was kept: ", whyNamespace)
	s.sameUIDs(before, boats)
	s.uidsOf(boat)
	s.at(name, s.release, func() { s.uidsOf(marked) })
	s.berth("deploy").exit(0)
	s.sameUIDs(before, boats)
	s.uidsOf(boat)
	s.berth("teardown").exit(0).says(boats.name+" stays", "Namespace/"+name+" stays")
	s.sameUIDs(before, boats)
	s.at(name, s.release, s.namespaceStays)
}

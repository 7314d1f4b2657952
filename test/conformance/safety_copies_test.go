//go:build conformance

package conformance

import (
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const secretAndClaim = `
apiVersion: v1
kind: Secret
metadata: {name: password, namespace: NAME}
stringData: {a: b}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: volume, namespace: NAME}
spec: {accessModes: [ReadWriteOnce], storageClassName: none, resources: {requests: {storage: 1Mi}}}
`

// copiedMarks are the rows about what a person copied with the marks of a release, outside of
// its namespace.
var copiedMarks = []row{
	{ID: "S97c", Setup: "a Namespace and a definition of a kind in the chart; a person's copies, with the release's marks, of what it has of these",
		Action: "teardown; once the copies are gone, deploy and teardown", End: "the copies, with the Namespace and the definition; then none",
		Exit: "27, 0 + warning, 0", Gone: true, run: func(s *fixture) {
			s.asAdmin()
			name, other := s.namespace+"-db", s.Namespace(s.t)
			s.goes(name)
			s.chartWith("templates/tools.yaml", s.crd("Boat")+"\n---"+strings.ReplaceAll(namespaceOfTheChart+"---"+secretAndClaim, "NAME", name))
			deploy := func() ended { return s.berth("deploy", ignoresVolume, "--wait-ignore", "Boat/*") }
			deploy().exit(0)
			s.chartWith("templates/boat.yaml", s.boat("own", ""))
			deploy().exit(0)
			own, boat := object{s.group() + "/v1", plural("Boat"), "own"}, object{s.group() + "/v1", plural("Boat"), "theirs"}
			live, copies := s.read(own), []object{{"v1", "secrets", "password-copy"}, {"v1", "persistentvolumeclaims", "volume-copy"}}
			s.at(other, s.release, func() { s.create("kubectl-client-side-apply", boat, live, boat.name) })
			var before map[string]string
			s.at(name, s.release, func() {
				s.copyAs("kubectl-client-side-apply", object{"v1", "secrets", "password"}, copies[0].name)
				s.copyAs("kubectl-create", volume, copies[1].name)
				before = s.uidsOf(copies...)
			})
			s.berth("teardown").exit(27).says("-copy is in it, and was made with kubectl", other+"/theirs is of its kind, and was made with kubectl")
			s.at(other, s.release, func() {
				s.uidsOf(boat)
				s.remove(boat)
			})
			s.at(name, s.release, func() {
				s.sameUIDs(before, copies...)
				s.remove(copies[0])
				s.remove(copies[1])
			})
			deploy().exit(0).warned("Release repaired")
			s.berth("teardown").exit(0)
			s.namespaceIsGone(name)
			s.served("Boat", false)
		}},
}

// create makes a copy of a live object under another name, or in another namespace, as a person
// does who reads it and applies it.
func (s *fixture) create(manager string, o object, live *unstructured.Unstructured, name string) {
	s.t.Helper()
	live = live.DeepCopy()
	for _, field := range []string{"uid", "resourceVersion", "creationTimestamp", "managedFields", "generation", "finalizers"} {
		unstructured.RemoveNestedField(live.Object, "metadata", field)
	}
	unstructured.RemoveNestedField(live.Object, "status")
	live.SetName(name)
	live.SetNamespace(s.namespace)
	if _, err := s.client(o).Create(s.t.Context(), live, metav1.CreateOptions{FieldManager: manager}); err != nil {
		s.t.Fatal(err)
	}
}

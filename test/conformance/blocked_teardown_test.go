//go:build conformance

package conformance

import (
	"context"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// blockedTeardowns are the rows about this: a teardown that cannot end says what blocks it, whose
// that is and since when, and goes on without it where it is told to.
var blockedTeardowns = []row{
	{ID: "T219", Setup: "an operator's object in the branch's own namespace, with a finalizer of an operator that is gone",
		Action: "teardown; deploy; teardown with strip-finalizers, twice",
		End:    "the object is named, with the finalizer, who has written it, and since when; then gone; then there is nothing to do",
		Exit:   "0, 28, 28, 0 + warning, 0", Gone: true, run: func(s *fixture) {
			boat := s.heldBoat("own")
			kind := s.group() + "/Boat"
			s.berth("teardown", "--timeout", "25s").exit(28).says("Boat/own is being deleted since 20", "the finalizer "+hold+" holds it",
				"written by operator", "Still waiting until namespace", "berth teardown --strip-finalizers "+kind).
				reports("Boat/own is being deleted since 20")
			s.berth("deploy", "--lock-timeout", "1s").exit(28).says("Boat/own is being deleted since 20", "written by operator")
			s.sameHold(boat)
			s.berth("teardown", "--strip-finalizers", kind).exit(0).warned("Finalizers taken off").says("Boat/own had the finalizer " + hold)
			s.namespaceGone()
			s.berth("teardown", "--strip-finalizers", kind).exit(0).says("Nothing to take down")
		}},
	{ID: "T220", Setup: "the same, and the operator comes back while it is waited for", Action: "teardown",
		End: "what it waits for is told once; then all is gone", Exit: "0, 0", Gone: true, run: func(s *fixture) {
			boat := s.heldBoat("own")
			run := s.start("teardown")
			s.until(run, "Still waiting until namespace")
			s.patch("operator", boat, noFinalizers)
			e := run.wait(runLimit).exit(0)
			if n := strings.Count(e.out.String(), "Still waiting"); n != 1 {
				s.t.Errorf("it says %d times what it waits for", n)
			}
			s.namespaceGone()
		}},
	{ID: "T221", Setup: "a finalizer on an object of the release, in a namespace that stays",
		Action: "teardown; teardown with strip-finalizers, twice; deploy, teardown with strip-finalizers",
		End:    "the object is named; then gone, with the release; then there is nothing to do; then gone at once",
		Exit:   "0, 24, 0 + warning, 0, 0, 0 + warning", Gone: true, run: func(s *fixture) {
			s.berth("deploy", "--set", "finalizers={"+hold+"}").exit(0)
			s.berth("teardown", "--timeout", "15s").exit(24).says("ConfigMap/web is being deleted since 20", "the finalizer "+hold+" holds it",
				"Still waiting until what was deleted is gone", "berth teardown --strip-finalizers v1/ConfigMap").
				reports("ConfigMap/web is being deleted since 20")
			s.sameHold(configMap("web"))
			s.berth("teardown", "--strip-finalizers", "v1/ConfigMap").exit(0).warned("Finalizers taken off")
			s.owns()
			s.berth("teardown", "--strip-finalizers", "v1/ConfigMap").exit(0).says("Nothing to take down")
			s.berth("deploy", "--set", "finalizers={"+hold+"}").exit(0)
			s.berth("teardown", "--strip-finalizers", "v1/ConfigMap").exit(0).warned("Finalizers taken off")
			s.owns()
		}},
	{ID: "T222", Setup: "a pre-delete and a post-delete hook that fail", Action: "teardown; teardown with skip-failed-hooks, twice",
		End:  "nothing is gone, and the input is named; then all is, with a warning and what the hooks printed; then there is nothing to do",
		Exit: "0, 24, 0 + warning, 0", Gone: true, run: func(s *fixture) {
			s.berth("deploy", "--set", "hooks.pre-delete.behaviour=fail,hooks.post-delete.behaviour=fail").exit(0)
			s.berth("teardown").exit(24).says("The hook Job/web-pre-delete failed", "berth teardown --skip-failed-hooks")
			s.owns(app...)
			e := s.berth("teardown", "--skip-failed-hooks").exit(0).warned("Hook failed").
				says("The hook Job/web-pre-delete failed, and the release went without it", "The hook Job/web-post-delete failed")
			e.reports(`"symptoms"`, "web-pre-delete-")
			s.owns()
			s.stored("nothing")
			s.berth("teardown", "--skip-failed-hooks").exit(0).says("Nothing to take down")
		}},
	{ID: "T223", Setup: "a pre-delete hook that the API server does not take, one of a kind that is gone, and one that hangs",
		Action: "teardown; teardown with skip-failed-hooks", End: "nothing is gone; then all is, within the timeout",
		Exit: "0, 24, 0 + warning", Gone: true, run: func(s *fixture) {
			s.chartWith("templates/more.yaml", strings.ReplaceAll(hooksThatCannotBe, "GROUP", s.group()))
			s.berth("deploy", "--set", "hooks.pre-delete.delay=1h").exit(0)
			s.berth("teardown", "--timeout", "30s").exit(24)
			s.owns(app...)
			s.berth("teardown", "--timeout", "30s", "--skip-failed-hooks").exit(0).warned("Hook failed").
				says("The hook Job/refused failed", "The hook Boat/unknown failed", "The hook Job/web-pre-delete failed")
			s.owns()
			s.stored("nothing")
		}},
	{ID: "T224", Setup: "such an operator's object, of a kind that may not be listed", Action: "teardown; teardown when the operator is back",
		End: "the kind and the finalizer are named, and that it may not be listed; then gone", Exit: "0, 28, 0",
		Gone: true, run: func(s *fixture) {
			s.deployerOfNamespaces("get", "create", "patch", "delete")
			s.defineOpen("Boat")
			s.berth("deploy").exit(0)
			s.put("operator", s.boat("own", "finalizers: ["+hold+"]"))
			boat := object{s.group() + "/v1", plural("Boat"), "own"}
			s.t.Cleanup(func() { s.unhold(boat) })
			s.berth("teardown", "--timeout", "25s").exit(28).says("boats."+s.group()+" may not be listed", hold)
			s.patch("operator", boat, noFinalizers)
			s.berth("teardown").exit(0)
		}},
}

const (
	noFinalizers = `{"metadata":{"finalizers":null}}`

	hooksThatCannotBe = `
apiVersion: batch/v1
kind: Job
metadata: {name: refused, annotations: {helm.sh/hook: pre-delete, helm.sh/hook-weight: "-2"}}
spec: {template: {spec: {restartPolicy: Always, containers: [{name: a, image: "registry.example/app:1.0"}]}}}
---
apiVersion: GROUP/v1
kind: Boat
metadata: {name: unknown, annotations: {helm.sh/hook: pre-delete, helm.sh/hook-weight: "-1"}}
`
)

// heldBoat deploys to the branch's own namespace, in which an operator has an object with a
// finalizer.
func (s *fixture) heldBoat(name string) object {
	s.t.Helper()
	s.asAdmin()
	s.defineOpen("Boat")
	s.berth("deploy").exit(0)
	s.put("operator", s.boat(name, "finalizers: ["+hold+"]"))
	boat := object{s.group() + "/v1", plural("Boat"), name}
	s.t.Cleanup(func() { s.unhold(boat) })
	return boat
}

// sameHold fails the row unless the object still has its finalizer.
func (s *fixture) sameHold(objects ...object) {
	s.t.Helper()
	for _, o := range objects {
		if got := s.read(o).GetFinalizers(); len(got) != 1 || got[0] != hold {
			s.t.Errorf("the finalizers of %s are %q", o.name, got)
		}
	}
}

// unhold takes the finalizers off an object that may be gone, so that the row's namespace goes.
func (s *fixture) unhold(o object) {
	_, _ = s.client(o).Patch(context.WithoutCancel(s.t.Context()), o.name, types.MergePatchType, []byte(noFinalizers), metav1.PatchOptions{})
}

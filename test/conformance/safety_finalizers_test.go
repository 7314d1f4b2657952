//go:build conformance

package conformance

import (
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// othersFinalizers are the rows about this: a teardown that is told to take finalizers off takes
// none off that it was not told of, that is somebody else's, or that is still served.
var othersFinalizers = []row{
	{ID: "S310", Setup: "an operator's object and a ConfigMap of it in the branch's own namespace, each with a finalizer",
		Action: "teardown with strip-finalizers of other kinds; teardown; deploy with strip-finalizers of these kinds",
		End:    "both, with their finalizers", Exit: "0, 28, 28, 28", Gone: true, run: func(s *fixture) {
			boat, held := s.heldBoat("own"), configMap("held")
			s.put("operator", heldMap("held", ""))
			s.t.Cleanup(func() { s.unhold(held) })
			s.berth("teardown", "--timeout", "20s", "--strip-finalizers", "example.org/Boat", "--strip-finalizers", "apps/ConfigMap",
				"--strip-finalizers", s.group()+"/Ship").exit(28)
			s.berth("teardown", "--timeout", "14s").exit(28)
			s.berth("deploy", "--lock-timeout", "14s", "--strip-finalizers", s.group()+"/Boat", "--strip-finalizers", "v1/ConfigMap").exit(28)
			s.sameHold(boat, held)
		}},
	{ID: "S311", Setup: "the same object, whose operator works on it for 20 s before it takes its finalizer off",
		Action: "teardown with strip-finalizers", End: "the finalizer, until the operator takes it off", Exit: "0, 0", Gone: true,
		run: func(s *fixture) {
			boat := s.heldBoat("own")
			run := s.start("teardown", "--strip-finalizers", s.group()+"/Boat")
			s.until(run, "Still waiting until namespace")
			ticks, working := time.NewTicker(2*time.Second), time.After(20*time.Second)
			defer ticks.Stop()
			for done := false; !done; {
				s.sameHold(boat)
				select {
				case at := <-ticks.C:
					s.patch("operator", boat, `{"spec":{"seen":"`+at.Format(time.RFC3339Nano)+`"}}`)
				case <-working:
					done = true
				}
			}
			s.patch("operator", boat, noFinalizers)
			run.wait(runLimit).exit(0)
			s.namespaceGone()
		}},
	{ID: "S312", Setup: "in a namespace that stays, ConfigMaps with finalizers: of a person, of another release, and of the release; " +
		"all but one of the person's are being deleted", Action: "teardown with strip-finalizers",
		End: "those of the person and of the other release, with their finalizers", Exit: "0, 0 + warning", Gone: true, run: func(s *fixture) {
			theirs := []object{configMap("theirs"), configMap("other"), configMap("staying")}
			s.put("kubectl-create", heldMap("theirs", ""), heldMap("staying", ""))
			s.put("helm", heldMap("other", `, labels: {app.kubernetes.io/managed-by: Helm}, annotations: {meta.helm.sh/release-name: other, `+
				`meta.helm.sh/release-namespace: `+s.namespace+`}`))
			for _, o := range theirs {
				s.t.Cleanup(func() { s.unhold(o) })
			}
			s.berth("deploy", "--set", "finalizers={"+hold+"}").exit(0)
			s.beginDeleting(theirs[:2]...)
			before := s.uidsOf(theirs...)
			s.berth("teardown", "--strip-finalizers", "v1/ConfigMap").exit(0).warned("Finalizers taken off")
			s.sameUIDs(before, theirs...)
			s.sameHold(theirs...)
			s.owns()
		}},
	{ID: "S313", Setup: "a finalizer on an object of the release, and no permission to patch it; it is granted",
		Action: "teardown with strip-finalizers, each time", End: "the object, with its finalizer, and its record; then nothing",
		Exit: "0, 20, 0 + warning", Gone: true, run: func(s *fixture) {
			rules := s.DeployerRules()
			may := slices.DeleteFunc(slices.Clone(rules[0].Verbs), func(verb string) bool { return verb == "patch" })
			rules[0].Verbs = may
			account := s.userWith(s.SecretRules(), s.LeaseRules(), rules)
			s.berth("deploy", "--set", "finalizers={"+hold+"}").exit(0)
			s.berth("teardown", "--strip-finalizers", "v1/ConfigMap").exit(20).lacks("patch configmaps")
			s.sameHold(configMap("web"))
			rules[0].Verbs = []string{"patch"}
			account.Grant(s.t, s.namespace, rules[0])
			s.berth("teardown", "--strip-finalizers", "v1/ConfigMap").exit(0).warned("Finalizers taken off")
		}},
	{ID: "S314", Setup: "patterns, kinds that hold data or what others have, a kind with its version, a word",
		Action: "teardown with each as strip-finalizers", End: "all is as it was", Exit: "0, 64, 64, 64, 64, 64, 64, 64", run: func(s *fixture) {
			s.berth("deploy").exit(0)
			for _, given := range []string{"*/Boat", "v1/*", "v1/Namespace", "v1/PersistentVolumeClaim",
				"apiextensions.k8s.io/CustomResourceDefinition", "apps/v1/Deployment", "all"} {
				s.berth("teardown", "--strip-finalizers", given).exit(64)
			}
			s.stored("v1 deployed")
			s.owns(app...)
		}},
	{ID: "S315", Setup: "somebody deletes the branch's own namespace, in which are a person's object and one that is to be kept, with finalizers",
		Action: "teardown with strip-finalizers; the same with delete-foreign", End: "both, with their finalizers; then nothing",
		Exit: "0, 28, 0 + warning", Gone: true, run: func(s *fixture) {
			s.asAdmin()
			s.defineOpen("Boat")
			s.berth("deploy").exit(0)
			s.put("kubectl-create", s.boat("theirs", "finalizers: ["+hold+"]"))
			s.put("operator", s.boat("kept", "finalizers: ["+hold+"], annotations: {berth.dev/keep: "+`"true"`+"}"))
			theirs, kept := object{s.group() + "/v1", "boats", "theirs"}, object{s.group() + "/v1", "boats", "kept"}
			for _, o := range []object{theirs, kept} {
				s.t.Cleanup(func() { s.unhold(o) })
			}
			s.terminate()
			s.berth("teardown", "--timeout", "20s", "--strip-finalizers", s.group()+"/Boat").exit(28).says("Boat/theirs", "Boat/kept")
			s.sameHold(theirs, kept)
			s.berth("teardown", "--delete-foreign", "--strip-finalizers", s.group()+"/Boat").exit(0).warned("Finalizers taken off")
			s.namespaceGone()
		}},
	{ID: "S363", Setup: "somebody deletes the branch's own namespace, in which are a person's copies of a Deployment and a Secret of the release, " +
		"with its marks; each has a finalizer", Action: "teardown with strip-finalizers; the same with delete-foreign",
		End: "the copies, with their finalizers; then nothing", Exit: "0, 28, 0 + warning", Gone: true, run: func(s *fixture) {
			s.asAdmin()
			s.chartWith("templates/held.yaml", heldDeployment+"---"+heldSecret)
			s.berth("deploy").exit(0)
			copies := []object{{"apps/v1", "deployments", "held-copy"}, {"v1", "secrets", "held-copy"}}
			s.put("kubectl-client-side-apply", s.copyOf(heldDeployment), s.copyOf(heldSecret))
			for _, o := range copies {
				s.t.Cleanup(func() { s.unhold(o) })
			}
			s.terminate()
			strips := []string{"--strip-finalizers", "apps/Deployment", "--strip-finalizers", "v1/Secret", "--timeout", "30s"}
			s.berth("teardown", strips...).exit(28).says("Deployment/held-copy", "Secret/held-copy").warned("Finalizers taken off").
				silent("taken off Deployment/held-copy", "taken off Secret/held-copy")
			s.sameHold(copies...)
			s.berth("teardown", append(strips, "--delete-foreign")...).exit(0).warned("Finalizers taken off")
			s.namespaceGone()
		}},
	{ID: "S316", Setup: "between the look at an object and the patch that takes its finalizer off, it goes, and somebody makes another of its name",
		Action: "teardown with strip-finalizers", End: "the other one, with its finalizer", Exit: "0, 0", Gone: true, run: func(s *fixture) {
			web := configMap("web")
			s.berth("deploy", "--set", "finalizers={"+hold+"}").exit(0)
			s.whileWriting("patch", "web", func() {
				s.letGo()
				s.put("kubectl-create", heldMap("web", ""))
				s.t.Cleanup(func() { s.unhold(web) })
			}, "teardown", "--strip-finalizers", "v1/ConfigMap").exit(0)
			s.sameHold(web)
			s.unhold(web)
			s.remove(web)
		}},
}

// What has a finalizer of the chart's.
const (
	heldDeployment = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: held, finalizers: [` + hold + `]}
spec:
  replicas: 0
  selector: {matchLabels: {app: held}}
  template: {metadata: {labels: {app: held}}, spec: {containers: [{name: a, image: "registry.example/app:1.0"}]}}
`
	heldSecret = `
apiVersion: v1
kind: Secret
metadata: {name: held, finalizers: [` + hold + `]}
type: Opaque
stringData: {a: b}
`
)

// copyOf is an object of the release as a person makes it anew under another name, with its marks.
func (s *fixture) copyOf(text string) string {
	return strings.Replace(s.marks(text), "name: held", "name: held-copy", 1)
}

// heldMap is a ConfigMap with a finalizer.
func heldMap(name, meta string) string {
	return "{apiVersion: v1, kind: ConfigMap, metadata: {name: " + name + ", finalizers: [" + hold + "]" + meta + "}}"
}

// beginDeleting deletes objects that do not go, since a finalizer holds them.
func (s *fixture) beginDeleting(objects ...object) {
	s.t.Helper()
	for _, o := range objects {
		if err := s.client(o).Delete(s.t.Context(), o.name, metav1.DeleteOptions{}); err != nil {
			s.t.Fatal(err)
		}
		if s.read(o).GetDeletionTimestamp() == nil {
			s.t.Errorf("%s is not being deleted", o.name)
		}
	}
}

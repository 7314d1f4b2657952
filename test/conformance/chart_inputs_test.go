//go:build conformance

package conformance

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// chartInputs are the rows about charts and values that Helm reads in a way of its own.
var chartInputs = []row{
	{ID: "T191", Setup: "set gives image.tag, and the chart's image is a text; then a value that the chart does not have, with the commit",
		Action: "deploy, each time", End: "deployed, and it is said that the chart does not take it", Exit: "0 + warning, 0 + warning",
		run: func(s *fixture) {
			s.berth("deploy", "--set", "image.tag=1").exit(0).warned("Values that do not fit the chart").
				says("image.tag is given, and image is no table in the chart")
			s.berth("deploy", "--set", "img.tag={{ .SHA }}", "--sha", commit).exit(0).warned("Values that do not fit the chart").
				says("has no value img, which has extras, finalizers", "nothing that the chart makes does: it is not shown that this commit runs")
		}},
	{ID: "T165", Setup: "a chart that refuses to render without the kinds of its own CRDs",
		Action: "deploy", End: "v1 deployed, the CRD made first", Exit: "0", run: func(s *fixture) {
			s.kubeconfig = s.Kubeconfig()
			s.bringing("Boat")
			s.chartWith("templates/boat.yaml", `{{ if not (.Capabilities.APIVersions.Has "`+s.group()+`/v1/Boat") }}{{ fail "no boats" }}{{ end }}`)
			s.berth("deploy").exit(0)
			s.stored("v1 deployed")
			s.served("Boat", true)
		}},
	{ID: "T166", Setup: "crds/ gains a CRD, and says something else of one that exists",
		Action: "deploy over v1", End: "v2 deployed, the new CRD made, the old one as it was", Exit: "0, 0", run: func(s *fixture) {
			s.kubeconfig = s.Kubeconfig()
			s.bringing("Boat")
			s.berth("deploy").exit(0)
			before := s.definition("Boat")
			s.bringing("Ship")
			s.chartWith("crds/Boat.yaml", s.crd("Boat")+"  preserveUnknownFields: false\n")
			s.chartWith("templates/ship.yaml", "apiVersion: "+s.group()+"/v1\nkind: Ship\nmetadata: {name: one}\n")
			s.berth("deploy").exit(0)
			s.oneDeployed(2)
			if s.definition("Boat") != before {
				s.t.Error("the CRD that existed was changed")
			}
		}},
	{ID: "T167", Setup: "the stored manifest names an API version that the server has no more",
		Action: "check, repair, deploy, deploy without the object", End: "v3 deployed, the object is gone",
		Exit: "0, 0, 0, 0", run: func(s *fixture) {
			s.kubeconfig = s.Kubeconfig()
			without := s.chart
			s.chartWith("templates/ingress.yaml", ingress)
			s.berth("deploy").exit(0)
			s.age(1)
			s.berth("check").exit(0)
			s.berth("repair").exit(0)
			s.berth("deploy").exit(0)
			s.oneDeployed(2)
			s.age(2)
			s.chart = without
			s.berth("deploy").exit(0)
			s.oneDeployed(3)
			s.owns(app...)
		}},
	{ID: "T168", Setup: "v1 deployed, v2 uninstalled with its history kept",
		Action: "deploy", End: "v3 deployed, and no other", Exit: "0 + warning", run: func(s *fixture) {
			s.berth("deploy").exit(0)
			s.berth("deploy").exit(0)
			s.mustHelm(3, "uninstall", s.release, "--keep-history", "--wait")
			s.setStatus(1, "deployed", "deployed")
			s.berth("deploy").exit(0).warned("Release repaired").says("Revision 1 still said deployed")
			s.oneDeployed(3)
		}},
	{ID: "T177", Setup: "uninstalled with its history kept; deployed again, and a Service deleted by hand",
		Action: "check; deploy, check, deploy, check", End: "each check ends before its time is over and names what is not there; v3 deployed",
		Exit: "24, 0, 24, 0, 0", run: func(s *fixture) {
			s.berth("deploy").exit(0)
			s.mustHelm(3, "uninstall", s.release, "--keep-history", "--wait")
			s.berth("check", "--check-timeout=10m").exit(24).says("the record says uninstalled", "installs it anew")
			s.berth("deploy").exit(0)
			if err := s.Client().CoreV1().Services(s.namespace).Delete(s.t.Context(), "web", metav1.DeleteOptions{}); err != nil {
				s.t.Fatal(err)
			}
			s.berth("check", "--check-timeout=10m").exit(24).says("Service/web: does not exist", "makes what is missing")
			s.berth("deploy").exit(0)
			s.berth("check").exit(0)
			s.oneDeployed(3)
		}},
	{ID: "T169", Setup: "a chart that has an object twice",
		Action: "deploy, and over v1", End: "refused before anything is made, both files named; v1 deployed",
		Exit: "30, 0, 30", run: func(s *fixture) {
			without := s.chart
			s.chartWith("templates/twin.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web, namespace: "+s.namespace+"}\n")
			s.berth("deploy").exit(30).says("ConfigMap/web is in it twice", "templates/app.yaml", "templates/twin.yaml")
			s.stored("nothing")
			s.owns()
			twice := s.chart
			s.chart = without
			s.berth("deploy").exit(0)
			s.chart = twice
			s.berth("deploy").exit(30)
			s.stored("v1 deployed")
			s.chart = without
		}},
	{ID: "T170", Setup: "a chart that brings its release's namespace, which is not there",
		Action: "deploy", End: "refused before the namespace is made", Exit: "30", Gone: true, run: func(s *fixture) {
			s.asAdmin()
			s.chartWith("templates/namespace.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: '{{ .Release.Namespace }}'}\n")
			s.berth("deploy").exit(30).says("brings Namespace "+s.namespace, "namespace-label")
			if _, err := s.Client().CoreV1().Namespaces().Get(s.t.Context(), s.namespace, metav1.GetOptions{}); err == nil {
				s.t.Error("the namespace was made")
			}
		}},
	{ID: "T171", Setup: "a values file of two documents", Action: "deploy; with one document and empty ones",
		End: "refused with file and line; then v1 deployed", Exit: "30, 0", run: func(s *fixture) {
			path := filepath.Join(s.t.TempDir(), "values.yaml")
			s.write(path, "greeting: one\n---\ngreeting: two\n")
			s.berth("deploy", "--values", path).exit(30).says("values.yaml", "line 3")
			s.stored("nothing")
			s.write(path, "---\n# nothing\n---\ngreeting: two\n---\n")
			s.berth("deploy", "--values", path).exit(0)
			s.greets("two")
		}},
	{ID: "T172", Setup: "a chart of apiVersion v3", Action: "deploy", End: "refused, nothing stored", Exit: "30",
		Gone: true, run: func(s *fixture) {
			s.chartWith("Chart.yaml", "apiVersion: v3\nname: app\nversion: 0.1.0\n")
			s.berth("deploy").exit(30).says("apiVersion", `"v3"`)
			s.stored("nothing")
			s.chart = "testdata/app"
		}},
	{ID: "T173", Setup: "values as Helm takes them: one JSON object, several lines, a comma list, a blank at the end",
		Action: "deploy, each in turn", End: "the values are Helm's", Exit: "0, 0, 0", run: func(s *fixture) {
			s.berth("deploy", "--set-json", "{\"greeting\": \"object\",\n \"selector\": \"\"}").exit(0)
			s.greets("object")
			one, two := filepath.Join(s.t.TempDir(), "one.yaml"), filepath.Join(s.t.TempDir(), "two.yaml")
			s.write(one, "greeting: one\n")
			s.write(two, "greeting: two\n")
			s.berth("deploy", "--values", one+","+two).exit(0)
			s.greets("two")
			s.berth("deploy", "--set-string", "greeting=first\nsecond ").exit(0)
			s.greets("first\nsecond ")
		}},
	{ID: "T174", Setup: "a schema that refers to a server which cannot be reached",
		Action: "deploy; with skip-schema-validation", End: "a fault of the network that names the address; then v1 deployed",
		Exit: "26, 0", run: func(s *fixture) {
			gone := httptest.NewServer(http.NotFoundHandler())
			gone.Close()
			s.chartWith("values.schema.json", `{"$ref": "`+gone.URL+`/schema.json"}`)
			s.berth("deploy").exit(26).says(gone.URL + "/schema.json")
			s.stored("nothing")
			s.berth("deploy", "--skip-schema-validation").exit(0)
			s.stored("v1 deployed")
			s.chart = "testdata/app" // Helm's own upgrade would ask that server
		}},
	{ID: "T175", Setup: "the last revision is superseded, and none is deployed",
		Action: "check, repair, repair --on-stuck rollback", End: "check and repair say the same; v2 deployed",
		Exit: "24, 24, 0 + warning", run: func(s *fixture) {
			s.berth("deploy").exit(0)
			s.setStatus(1, "superseded", "superseded")
			s.berth("check", "--check-timeout", "2s").exit(24)
			s.berth("repair").exit(24).says("berth deploy")
			s.stored("v1 superseded")
			s.berth("repair", "--on-stuck", "rollback").exit(0).warned("Release repaired")
			s.oneDeployed(2)
		}},
	{ID: "T176", Setup: "a report folder that cannot be made", Action: "deploy", End: "refused, nothing stored", Exit: "64", Gone: true,
		run: func(s *fixture) {
			file := filepath.Join(s.t.TempDir(), "file")
			s.write(file, "")
			s.berth("deploy", "--report-dir", file+"/reports").exit(64).says("report-dir")
			s.stored("nothing")
		}},
}

const ingress = `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}
`

// bringing has the row's chart bring the CRD of a kind, which goes at the row's end.
func (s *fixture) bringing(kind string) {
	s.t.Helper()
	s.chartWith("crds/"+kind+".yaml", s.crd(kind))
	s.t.Cleanup(func() { s.deleteDefinition(kind) })
}

// definition is which spec of a kind's definition the API server has.
func (s *fixture) definition(kind string) int64 {
	s.t.Helper()
	crd, err := s.definitions().Get(s.t.Context(), plural(kind)+"."+s.group(), metav1.GetOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	return crd.GetGeneration()
}

// age rewrites a record as one of before the cluster's upgrade, which took the version
// of its Ingress away.
func (s *fixture) age(revision int) {
	s.t.Helper()
	for _, r := range s.records() {
		if r.Revision != revision {
			continue
		}
		was := bytes.ReplaceAll(r.plain, []byte("networking.k8s.io/v1\\n"), []byte("networking.k8s.io/v1beta1\\n"))
		if bytes.Equal(was, r.plain) {
			s.t.Fatal("the record names no Ingress")
		}
		r.Secret.Data["release"] = encode(s.t, was, "deployed")
		if _, err := s.Client().CoreV1().Secrets(s.namespace).Update(s.t.Context(), &r.Secret, metav1.UpdateOptions{}); err != nil {
			s.t.Fatal(err)
		}
	}
}

// greets fails the row unless the application's greeting is this.
func (s *fixture) greets(want string) {
	s.t.Helper()
	if got := s.greeting(); got != want {
		s.t.Errorf("the greeting is %q, want %q", got, want)
	}
}

func (s *fixture) write(path, content string) {
	s.t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// lockedElsewhere writes a dependency of the chart on lib into its Chart.yaml, and another
// place for it into its Chart.lock, with the checksum that Helm asks for.
func (s *fixture) lockedElsewhere(wanted, locked string) {
	s.t.Helper()
	at := func(repository string) []map[string]string {
		return []map[string]string{{"name": "lib", "version": "1.0.0", "repository": repository}}
	}
	sum := func() string { // of these fields in this order
		entry := func(repository string) string {
			return `[{"name":"lib","version":"1.0.0","repository":"` + repository + `"}]`
		}
		return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte("["+entry(wanted)+","+entry(locked)+"]")))
	}
	for name, content := range map[string]any{
		"Chart.yaml": map[string]any{"apiVersion": "v2", "name": "app", "version": "0.1.0", "dependencies": at(wanted)},
		"Chart.lock": map[string]any{"dependencies": at(locked), "digest": sum(), "generated": "2026-01-01T00:00:00Z"},
	} {
		text, err := json.Marshal(content) // which is YAML, too
		if err != nil {
			s.t.Fatal(err)
		}
		s.write(filepath.Join(s.chart, name), string(text))
	}
}

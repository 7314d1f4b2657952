//go:build conformance

package conformance

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	reports "github.com/berth-dev/berth/internal/report"
)

// dryBoat are objects of many kinds, with what the API server sets by default left out.
const dryBoat = `
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {mode: fast, region: eu, old: "1"}
---
apiVersion: v1
kind: Secret
metadata: {name: login}
stringData: {password: hunter2-first}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: boat, labels: {team: sea}}
spec:
  replicas: 1
  selector: {matchLabels: {app: boat}}
  template:
    metadata: {labels: {app: boat}, annotations: {sim.berth.dev/behaviour: ready}}
    spec:
      containers:
        - name: boat
          image: registry.example.com/boat:1
          args: [serve, --port, "80"]
          env: [{name: MODE, value: fast}, {name: DB_PASSWORD, value: hunter2-second}, {name: REGION, value: eu}]
          ports: [{name: http, containerPort: 80}]
          resources: {limits: {cpu: 100m, memory: 64Mi}}
---
apiVersion: v1
kind: Service
metadata: {name: boat}
spec: {selector: {app: boat}, ports: [{name: http, port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: fleet}
spec:
  replicas: 1
  selector: {matchLabels: {app: fleet}}
  template:
    metadata: {labels: {app: fleet}, annotations: {sim.berth.dev/behaviour: ready}}
    spec: {containers: [{name: fleet, image: "registry.example.com/fleet:1"}]}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: fleet}
spec: {minReplicas: 1, maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: fleet}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: boat}
spec: {podSelector: {matchLabels: {app: boat}}, ingress: [{ports: [{port: 80}]}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: gone}
data: {a: b}
`

// boatChanges are changes of these, and what is told of each.
var boatChanges = []struct{ from, to, told string }{
	{"boat:1", "boat:2", "change Deployment/boat restarts: " + ofBoat + "image registry.example.com/boat:1 → registry.example.com/boat:2"},
	{"value: fast}", "value: slow}", "change Deployment/boat restarts: " + ofBoat + "env[MODE].value fast → slow"},
	{"hunter2-second", "hunter2-third", "change Deployment/boat restarts: " + ofBoat + "env[DB_PASSWORD].value (not shown) → (not shown)"},
	{"{name: MODE, value: fast}, ", "", "change Deployment/boat restarts: " + ofBoat + "env[MODE] {name: MODE, value: fast} → "},
	{`"80"]`, `"80", -v]`, "change Deployment/boat restarts: " + ofBoat + `args ["serve" "--port" "80"] → ["serve" "--port" "80" "-v"]`},
	{"[{name: MODE, value: fast}, {name: DB_PASSWORD, value: hunter2-second}",
		"[{name: DB_PASSWORD, value: hunter2-second}, {name: MODE, value: fast}",
		"change Deployment/boat restarts: " + ofBoat + `env.order ["MODE" "DB_PASSWORD" "REGION"] → ["DB_PASSWORD" "MODE" "REGION"]`},
	{"{cpu: 100m, memory: 64Mi}", "{cpu: 200m, memory: 64Mi}",
		"change Deployment/boat restarts: " + ofBoat + "resources.limits.cpu 100m → 200m"},
	{"{cpu: 100m, memory: 64Mi}", `{cpu: "0.1", memory: 65536Ki}`, ""}, // the same, in another spelling
	{"labels: {team: sea}", "labels: {team: land}", "change Deployment/boat: metadata.labels.team sea → land"},
	{"labels: {team: sea}", "labels: {}", "change Deployment/boat: metadata.labels.team sea → "},
	{"replicas: 1\n  selector: {matchLabels: {app: boat}}", "replicas: 2\n  selector: {matchLabels: {app: boat}}",
		"change Deployment/boat: spec.replicas 1 → 2"},
	{"mode: fast", "mode: slow", "change ConfigMap/settings: data.mode fast → slow"},
	{`, old: "1"`, ``, "change ConfigMap/settings: data.old 1 → "},
	{`old: "1"`, `old: "1", new: "2"`, "change ConfigMap/settings: data.new  → 2"},
	{"hunter2-first", "hunter2-fourth", "change Secret/login: data.password (not shown) → (not shown)"},
	{"hunter2-first}", "hunter2-first, token: hunter2-fifth}", "change Secret/login: data.token  → (not shown)"},
	{"ports: [{name: http, port: 80}]", "ports: [{name: http, port: 8080, targetPort: 80}]",
		"change Service/boat: spec.ports[8080]  → {name: http, port: 8080, protocol: TCP, targetPort: 80}; " +
			"spec.ports[80] {name: http, port: 80, protocol: TCP, targetPort: 80} → "},
	{"maxReplicas: 3", "maxReplicas: 5", "change HorizontalPodAutoscaler/fleet: spec.maxReplicas 3 → 5"},
	{"ingress: [{ports: [{port: 80}]}]", "ingress: [{ports: [{port: 81}]}]",
		"change NetworkPolicy/boat: spec.ingress[0].ports[0].port 80 → 81"},
	{"\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: gone}\ndata: {a: b}", "", "delete ConfigMap/gone"},
	{"data: {a: b}", "data: {a: b}\n---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: fresh}}", "create ConfigMap/fresh"},
	{"data: {a: b}",
		"data: {a: b}\n---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: seed, annotations: {helm.sh/hook: pre-upgrade}}}",
		"run ConfigMap/seed"},
	{"data: {a: b}", "data: {a: null}", "change ConfigMap/gone: data.a b → "},
}

const ofBoat = "spec.template.spec.containers[boat]."

// dryRuns are the rows about what a deploy would change, and about what it has changed.
var dryRuns = []row{
	{ID: "T225", Setup: "v1 with objects of many kinds, of which an autoscaler has scaled one; some twenty charts, each with one change",
		Action: "deploy --dry-run of each", End: "the change is told, and nothing else; no secret is, and nothing is written",
		Exit: "0", Slow: true, run: func(s *fixture) {
			plain := s.chart
			s.chartWith("templates/boat.yaml", dryBoat)
			s.berth("deploy", "--wait-ignore", "HorizontalPodAutoscaler/*").exit(0)
			s.patch("autoscaler", object{"apps/v1", "deployments", "fleet"}, `{"spec":{"replicas":2}}`)
			before := s.versionsOfAll()
			for _, c := range boatChanges {
				if !strings.Contains(dryBoat, c.from) {
					s.t.Fatalf("%q is not in the chart", c.from)
				}
				s.chart = plain
				s.chartWith("templates/boat.yaml", strings.Replace(dryBoat, c.from, c.to, 1))
				run := s.berth("deploy", "--dry-run").exit(0)
				run.hides("hunter2")
				if got := told(run.changes()); got != c.told {
					s.t.Errorf("%q in place of %q: it tells\n%s\nwant\n%s", c.to, c.from, got, c.told)
				}
			}
			if after := s.versionsOfAll(); after != before {
				s.t.Errorf("the objects were\n%s\nand are\n%s", before, after)
			}
			s.stored("v1 deployed")
			s.chart = plain
		}},
	{ID: "T226", Setup: "no namespace; then v1, and a chart with several changes", Action: "deploy --dry-run, deploy, each time; once more",
		End: "what was told is what is changed, and then nothing is", Exit: "0, 0, 0, 0, 0, 0", run: func(s *fixture) {
			s.asAdmin()
			plain := s.chart
			s.chartWith("templates/boat.yaml", dryBoat)
			deploy := []string{"--wait-ignore", "HorizontalPodAutoscaler/*"}
			s.toldAsDone(deploy)
			s.chart = plain
			s.chartWith("templates/boat.yaml", strings.NewReplacer("boat:1", "boat:2", "mode: fast", "mode: slow",
				"hunter2-first", "hunter2-sixth", "name: gone", "name: fresh").Replace(dryBoat))
			s.toldAsDone(deploy)
			if all := s.toldAsDone(deploy); len(all.Objects) > 0 {
				s.t.Errorf("a deploy of the same changes %s", told(all))
			}
		}},
	{ID: "T227", Setup: "v1; charts that the API server does not take: an immutable field, and a port that is none",
		Action: "deploy --dry-run of each", End: "refused, with why; nothing is written", Exit: "0, 23, 23", run: func(s *fixture) {
			plain := s.chart
			s.chartWith("templates/boat.yaml", dryBoat)
			s.berth("deploy", "--wait-ignore", "HorizontalPodAutoscaler/*").exit(0)
			before := s.versionsOfAll()
			for from, to := range map[string]string{
				"selector: {matchLabels: {app: fleet}}": "selector: {matchLabels: {app: fleet, tier: x}}",
				"ports: [{name: http, port: 80}]":       "ports: [{name: http, port: 80000}]",
			} {
				s.chart = plain
				s.chartWith("templates/boat.yaml", strings.NewReplacer(from, to, "{labels: {app: fleet}", "{labels: {app: fleet, tier: x}").
					Replace(dryBoat))
				s.berth("deploy", "--dry-run").exit(23).says("Nothing was touched")
			}
			if after := s.versionsOfAll(); after != before {
				s.t.Errorf("the objects were\n%s\nand are\n%s", before, after)
			}
			s.stored("v1 deployed")
			s.chart = plain
		}},
	{ID: "T228", Setup: "v1; a chart with an object that somebody else has made", Action: "deploy --dry-run",
		End: "refused, and named; nothing is written", Exit: "0, 27", run: func(s *fixture) {
			s.berth("deploy").exit(0)
			s.makeMap("settings")
			plain := s.chart
			s.chartWith("templates/boat.yaml", dryBoat)
			s.berth("deploy", "--dry-run").exit(27).says("ConfigMap/settings: it exists", "Nothing was touched")
			s.stored("v1 deployed")
			s.chart = plain
		}},
	{ID: "T229", Setup: "a record whose label is wrong, then an upgrade that lives", Action: "deploy --dry-run, each",
		End: "what would be repaired is told; that somebody is at work is", Exit: "0, 0 + warning, 21", Slow: true, run: func(s *fixture) {
			s.berth("deploy").exit(0)
			s.berth("deploy").exit(0)
			s.setStatus(2, "failed", "deployed")
			before := s.recordVersions()
			s.berth("deploy", "--dry-run").exit(0).says("Would be repaired first", "Not known what would change")
			s.unchanged(before)
			run := s.start("deploy", slow("1h")...)
			s.until(run, "Waiting for")
			s.berth("deploy", "--dry-run").exit(21)
			s.makeReady()
			run.wait(runLimit).exit(0)
		}},
	{ID: "T233", Setup: "v1, and v2 with one more object, whose record alone is pending",
		Action: "deploy --dry-run and deploy of the chart of v1",
		End:    "that it goes is told; then it does", Exit: "0, 0, 0, 0 + warning", run: func(s *fixture) {
			s.berth("deploy").exit(0)
			s.berth("deploy", "--set", withExtra).exit(0)
			s.setStatus(2, "pending-upgrade", "pending-upgrade")
			s.setStatus(1, "deployed", "deployed")
			before := s.recordVersions()
			s.berth("deploy", "--dry-run").exit(0).says("Would be repaired first", "ConfigMap/web-x")
			s.unchanged(before)
			s.berth("deploy").exit(0).warned("Release repaired")
			s.absent(extraMap)
			s.oneDeployed(3)
		}},
}

// changes returns what the report of a run says that it changes.
func (e ended) changes() reports.Changes {
	e.s.t.Helper()
	data, err := os.ReadFile(filepath.Join(e.dir, "report.json"))
	if err != nil {
		e.s.t.Fatal(err)
	}
	var document struct{ Changes *reports.Changes }
	if err := json.Unmarshal(data, &document); err != nil || document.Changes == nil {
		e.s.t.Fatalf("the report of %s tells of no changes: %v", e.verb, err)
	}
	return *document.Changes
}

// told returns changes in lines.
func told(c reports.Changes) string {
	var lines []string
	for _, o := range c.Objects {
		line := fmt.Sprintf("%s %s/%s", o.Action, o.Kind, o.Name)
		if o.Restarts {
			line += " restarts"
		}
		var fields []string
		for _, f := range o.Fields {
			fields = append(fields, f.Path+" "+f.Before+" → "+f.After)
		}
		if len(fields) > 0 {
			line += ": " + strings.Join(fields, "; ")
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// toldAsDone runs a deploy, before that what it would change, and fails the row unless that is what it has changed.
func (s *fixture) toldAsDone(flags []string) reports.Changes {
	s.t.Helper()
	would := s.berth("deploy", append(slices.Clone(flags), "--dry-run")...).exit(0).changes()
	did := s.berth("deploy", flags...).exit(0).changes()
	if told(would) != told(did) || would.Unchanged != did.Unchanged || !would.Planned || did.Planned {
		s.t.Errorf("it was told\n%s\nand %d unchanged; it has done\n%s\nand %d unchanged", told(would), would.Unchanged, told(did), did.Unchanged)
	}
	return did
}

// versionsOfAll returns the release's objects, its records and its lock, as they were written.
func (s *fixture) versionsOfAll() string {
	s.t.Helper()
	var lines []string
	for _, resource := range []object{{"v1", "configmaps", ""}, {"v1", "secrets", ""}, {"v1", "services", ""},
		{"apps/v1", "deployments", ""}, {"autoscaling/v2", "horizontalpodautoscalers", ""}, {"networking.k8s.io/v1", "networkpolicies", ""},
		{"coordination.k8s.io/v1", "leases", ""}} {
		list, err := s.client(resource).List(s.t.Context(), metav1.ListOptions{})
		if err != nil {
			s.t.Fatal(err)
		}
		for _, o := range list.Items {
			unstructured.RemoveNestedField(o.Object, "status")
			o.SetResourceVersion("") // controllers write to the status
			o.SetManagedFields(nil)
			text, err := json.Marshal(o.Object)
			if err != nil {
				s.t.Fatal(err)
			}
			lines = append(lines, string(text))
		}
	}
	return strings.Join(lines, "\n")
}

package contents

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/internal/secrets"
)

// stored is a Deployment as the API server has it.
const stored = `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  uid: a
  resourceVersion: "7"
  generation: 3
  creationTimestamp: "2026-11-30T12:00:00Z"
  labels: {app: web}
  annotations: {deployment.kubernetes.io/revision: "1"}
  managedFields: [{manager: helm}]
spec:
  replicas: 1
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: example.com/web:1
          args: [serve, --port, "80"]
          env: [{name: MODE, value: fast}, {name: DB_PASSWORD, value: hunter2-old}, {name: REGION, value: eu}]
          ports: [{containerPort: 80, protocol: TCP}]
          resources: {limits: {cpu: "1"}}
        - {name: proxy, image: example.com/proxy:1}
status: {readyReplicas: 1}
`

func object(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	var o unstructured.Unstructured
	if err := yaml.Unmarshal([]byte(text), &o.Object); err != nil {
		t.Fatal(err)
	}
	return &o
}

// fields returns changes of fields, each by its path, what was there and what is.
func fields(texts ...string) (all []facts.FieldChange) {
	for one := range slices.Chunk(texts, 3) {
		all = append(all, facts.FieldChange{Path: one[0], Before: one[1], After: one[2]})
	}
	return all
}

// Each change is told, and nothing else.
func TestChanges(t *testing.T) {
	const pod = "spec.template.spec.containers[web]."
	for name, c := range map[string]struct {
		of, from, to string // of: what is changed; "": stored
		want         []facts.FieldChange
		restarts     bool
	}{
		"nothing":         {"", `"7"`, `"8"`, nil, false},
		"its controllers": {"", "revision: \"1\"}", "revision: \"2\"}", nil, false},
		"status":          {"", "readyReplicas: 1", "readyReplicas: 0", nil, false},
		"an image":        {"", "web:1", "web:2", fields(pod+"image", "example.com/web:1", "example.com/web:2"), true},
		"a variable":      {"", "fast", "slow", fields(pod+"env[MODE].value", "fast", "slow"), true},
		"a secret one":    {"", "hunter2-old", "hunter2-new", fields(pod+"env[DB_PASSWORD].value", facts.NotShown, facts.NotShown), true},
		"a variable more": {"", "{name: REGION,", "{name: NEW, value: x}, {name: REGION,",
			fields(pod+"env[NEW]", "", "{name: NEW, value: x}"), true},
		"a variable less": {"", ", {name: REGION, value: eu}", "", fields(pod+"env[REGION]", "{name: REGION, value: eu}", ""), true},
		"the order of variables": {"", "[{name: MODE, value: fast}, {name: DB_PASSWORD, value: hunter2-old}",
			"[{name: DB_PASSWORD, value: hunter2-old}, {name: MODE, value: fast}",
			fields(pod+"env.order", `["MODE" "DB_PASSWORD" "REGION"]`, `["DB_PASSWORD" "MODE" "REGION"]`), true},
		"a port": {"", "containerPort: 80", "containerPort: 81",
			fields(pod+"ports[80]", "{containerPort: 80, protocol: TCP}", "", pod+"ports[81]", "", "{containerPort: 81, protocol: TCP}"), true},
		"an argument":      {"", `"80"`, `"81"`, fields(pod+"args[2]", "80", "81"), true},
		"an argument more": {"", `"80"]`, `"80", -v]`, fields(pod+"args", `["serve" "--port" "80"]`, `["serve" "--port" "80" "-v"]`), true},
		"a limit": {"", `{cpu: "1"}`, `{cpu: "2", memory: 1Gi}`,
			fields(pod+"resources.limits.cpu", "1", "2", pod+"resources.limits.memory", "", "1Gi"), true},
		"a limit gone": {"", `limits: {cpu: "1"}`, ``, fields(pod+"resources.limits.cpu", "1", ""), true},
		"a container gone": {"", "        - {name: proxy, image: example.com/proxy:1}\n", "",
			fields("spec.template.spec.containers[proxy]", "{image: example.com/proxy:1, name: proxy}", ""), true},
		"a label": {"", "  labels: {app: web}\n  ann", "  labels: {app: web, team: sea}\n  ann",
			fields("metadata.labels.team", "", "sea"), false},
		"a label of its pods": {"", "metadata: {labels: {app: web}}", "metadata: {labels: {app: web, team: sea}}",
			fields("spec.template.metadata.labels.team", "", "sea"), true},
		"its first annotation": {"", "  annotations: {deployment", "  annotations: {example.com/a: b, deployment",
			fields("metadata.annotations[example.com/a]", "", "b"), false},
		"replicas": {"", "replicas: 1\n", "replicas: 2\n", fields("spec.replicas", "1", "2"), false},
		"a key of a ConfigMap": {"{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {a: b, c: d}}", "a: b", "a: z",
			fields("data.a", "b", "z"), false},
		"the first key of a ConfigMap": {"{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}", "name: a}", "name: a}, data: {a: b}",
			fields("data.a", "", "b"), false},
		"a key of a Secret": {"{apiVersion: v1, kind: Secret, metadata: {name: a}, data: {a: aHVudGVyMg==}}", "aHVudGVyMg==", "aHVudGVyMw==",
			fields("data.a", facts.NotShown, facts.NotShown), false},
		"a key more of a Secret": {"{apiVersion: v1, kind: Secret, metadata: {name: a}, data: {a: aHVudGVyMg==}}", "}}", ", b: aHVudGVyMw==}}",
			fields("data.b", "", facts.NotShown), false},
		"a set": {"{apiVersion: v1, kind: ServiceAccount, metadata: {name: a, finalizers: [a, b]}}", "[a, b]", "[b, c]",
			fields("metadata.finalizers[a]", "a", "", "metadata.finalizers[c]", "", "c"), false},
		"a custom resource": {"{apiVersion: a.example/v1, kind: Boat, metadata: {name: a}, spec: {sails: [{size: 1}, {size: 2}], version: '16.1'}}",
			"size: 2}], version: '16.1'", "size: 3}], version: '16.10'",
			fields("spec.sails[1].size", "2", "3", "spec.version", "16.1", "16.10"), false},
		"pods that nobody restarts": {"{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: a}, spec: {updateStrategy: {type: OnDelete}, " +
			"template: {metadata: {labels: {a: b}}}}}", "a: b", "a: c", fields("spec.template.metadata.labels.a", "b", "c"), false},
	} {
		t.Run(name, func(t *testing.T) {
			text := stored
			if c.of != "" {
				text = c.of
			}
			if !strings.Contains(text, c.from) {
				t.Fatalf("%q is not in the object", c.from)
			}
			before, after := object(t, text), object(t, strings.Replace(text, c.from, c.to, 1))
			got, restarts := Changes(before, after, nil)
			if diff := cmp.Diff(c.want, got); diff != "" || restarts != c.restarts {
				t.Errorf("restarts %t\n%s", restarts, diff)
			}
			if !cmp.Equal(before, object(t, text)) {
				t.Error("the object itself was changed")
			}
		})
	}
}

// Of a long secret that is in a field whose name is no secret's, no part is shown: not its middle either, where it
// differs from the one before.
func TestLongSecretsAreMaskedBeforeTheyAreCut(t *testing.T) {
	same := "MIGTAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBHkwdwIBAQQg"
	was, is := same+strings.Repeat("a1B2", 30)+same, same+strings.Repeat("c3D4", 30)+same
	of := func(text string) *unstructured.Unstructured {
		return object(t, "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {conf: '"+text+"'}}")
	}
	mask := strings.NewReplacer(was, secrets.Hidden, is, secrets.Hidden).Replace
	far := strings.Repeat("x", 2*shown)
	for name, c := range map[string]struct {
		before, after string
		want          []facts.FieldChange
	}{
		"rotated":       {was, is, fields("data.conf", facts.NotShown, facts.NotShown)},
		"within a text": {"key " + was + " end", "key " + is + " end", fields("data.conf", facts.NotShown, facts.NotShown)},
		"and what follows": {far + " " + was + " port 80", far + " " + is + " port 81",
			fields("data.conf", "…xxxxxxxxx *** port 80", "…xxxxxxxxx *** port 81")},
		"one more": {was, was + " " + is, fields("data.conf", facts.NotShown, facts.NotShown)},
		"in its place is what nobody knows": {"key " + was + " end", "key " + strings.ReplaceAll(was, "a1B2", "e5F6") + " end",
			fields("data.conf", facts.NotShown, facts.NotShown)},
		"none": {far + "*** 80", far + "*** ***", fields("data.conf", "…xxxxxxxxxxxxxxxx*** 80", "…xxxxxxxxxxxxxxxx*** ***")},
	} {
		t.Run(name, func(t *testing.T) {
			got, _ := Changes(of(c.before), of(c.after), mask)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			live := of(c.after)
			own(live, "web")
			options := Options{Release: ownership.Release{Namespace: "ns", Name: "web"}, Mask: mask}
			for _, d := range Compare(of(c.before), live, options).Differences {
				if diff := cmp.Diff(c.want, fields(d.Path, d.Recorded, d.Live)); diff != "" {
					t.Errorf("a check: %s", diff)
				}
			}
		})
	}
}

// Who writes to an object decides how much there is to tell.
func TestChangesAreBounded(t *testing.T) {
	before, after := object(t, stored), object(t, stored)
	data := map[string]any{}
	for i := range 3 * most {
		data[strings.Repeat("k", i+1)] = "v"
	}
	after.Object["data"] = data
	got, _ := Changes(before, after, nil)
	if len(got) != most+1 || got[most].After != "200 more fields" {
		t.Errorf("%d are told, the last of which is %+v", len(got), got[len(got)-1])
	}
}

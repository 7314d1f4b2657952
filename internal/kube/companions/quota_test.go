package companions

import (
	"strings"
	"testing"
)

const good = `# the budget of a review app
apiVersion: v1
kind: ResourceQuota
metadata: {name: budget, labels: {berth.dev/keep: "yes"}}
spec: {hard: {pods: 5, requests.cpu: "1.5"}}
---
---
apiVersion: v1
kind: LimitRange
metadata: {name: defaults, namespace: review}
spec: {limits: [{type: Container, default: {cpu: 100m}}]}
`

func TestParseQuota(t *testing.T) {
	docs, err := ParseQuota([]byte(good), "review")
	if err != nil || len(docs) != 2 {
		t.Fatalf("%d, %v", len(docs), err)
	}
	if docs[0].GetName() != "budget" || docs[1].GetKind() != "LimitRange" || len(docs[0].GetLabels()) > 0 {
		t.Errorf("%v", docs)
	}
	again, _ := ParseQuota([]byte(strings.Replace(good, "pods: 5", "pods: 6", 1)), "review")
	if versionOf(docs[0]) == versionOf(again[0]) || versionOf(docs[1]) != versionOf(again[1]) {
		t.Error("another content has the same version, or the same one another")
	}
	const head = "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: a}\n"
	for name, c := range map[string]struct{ file, says string }{
		"nothing":   {"", "neither"},
		"a comment": {"# nothing\n", "neither"},
		"no YAML":   {"a: b: c", "document 1 is no object"},
		"a list":    {"- a", "document 1 is no object"},
		"another kind": {good + "---\napiVersion: v1\nkind: Secret\nmetadata: {name: x}\nstringData: {a: hunter2}",
			`document 3 is a "Secret"`},
		"another group":     {"apiVersion: v2\nkind: LimitRange", `of "v2"`},
		"a list of objects": {"apiVersion: v1\nkind: List\nitems: []", `is a "List"`},
		"twice":             {head + "---\n" + head, "document 2 is ResourceQuota/a, and so is document 1"},
		"without a name":    {"apiVersion: v1\nkind: LimitRange\n", "none that Kubernetes takes"},
		"another namespace": {"apiVersion: v1\nkind: LimitRange\nmetadata: {name: a, namespace: prod}", `for namespace "prod"`},
		"an unknown field":  {head + "spec: {hart: {pods: 1}}", "hart"},
		"no quantity":       {head + "spec: {hard: {pods: many}}", "document 1"},
	} {
		if _, err := ParseQuota([]byte(c.file), "review"); err == nil || !strings.Contains(err.Error(), c.says) ||
			strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
}

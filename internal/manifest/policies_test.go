package manifest

import (
	"strings"
	"testing"
)

const keptLists = `# Source: app/templates/a.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: before}
---
# Source: app/templates/b.yaml
apiVersion: v1
kind: List
metadata: {annotations: {helm.sh/resource-policy: " Keep"}}
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: one, annotations: {a: b}}}
- {apiVersion: v1, kind: Secret, metadata: {name: two}}
---
apiVersion: v1
kind: List
metadata: {annotations: {helm.sh/resource-policy: keep, helm.sh/hook: pre-install}}
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: hook}}
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: plain}}
`

const policy = "helm.sh/resource-policy"

func isKept(of map[string]string) bool {
	return strings.TrimSpace(strings.ToLower(of[policy])) == "keep"
}

func TestSpread(t *testing.T) {
	for hooks, want := range map[bool]string{false: "one two", true: "one two hook"} {
		spread := Spread(keptLists, policy, func(of map[string]string) bool { return isKept(of) && (hooks || of["helm.sh/hook"] == "") })
		objects, err := Parse(spread)
		if err != nil {
			t.Fatal(err)
		}
		as, _ := Parse(keptLists)
		var kept []string
		for i, o := range objects {
			if RefOf(o) != RefOf(as[i]) {
				t.Errorf("%d is %s, and was %s", i, RefOf(o), RefOf(as[i]))
			}
			if isKept(o.GetAnnotations()) {
				kept = append(kept, o.GetName())
			}
		}
		if got := strings.Join(kept, " "); got != want || len(objects) != len(as) || objects[1].GetAnnotations()["a"] != "b" {
			t.Errorf("hooks %t: %q of %d are to be kept", hooks, got, len(objects))
		}
		if n := strings.Count(spread, "# Source: app/templates/b.yaml"); n != 2 {
			t.Errorf("the template is named %d times", n)
		}
	}
	for _, same := range []string{
		"", "kind: ConfigMap\nmetadata: {annotations: {helm.sh/resource-policy: keep}}\nitems: no list",
		"kind: List\nmetadata: {annotations: {helm.sh/resource-policy: retain}}\nitems: [{kind: Secret, apiVersion: v1}]",
		"helm.sh/resource-policy: items: [",
	} {
		if got := Spread(same, policy, isKept); got != same {
			t.Errorf("%q became %q", same, got)
		}
	}
}

package result

import (
	"testing"

	"github.com/berth-dev/berth/internal/facts"
)

func TestExplain(t *testing.T) {
	web := facts.Ref{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "pr-1", Name: "web"}
	other := facts.Ref{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "pr-2", Name: "web"}
	found := &Diagnostics{Objects: []facts.Object{{Ref: web, Failed: true, Reason: "pod web-1: no such image"}}}
	for _, c := range []struct {
		name        string
		diagnostics *Diagnostics
		object      facts.Object
		reason      string
		failed      bool
	}{
		{"not ready", found, facts.Object{Ref: web, Exists: true, Reason: "0 of 1 updated"}, "pod web-1: no such image", true},
		{"ready by now", found, facts.Object{Ref: web, Exists: true, Ready: true}, "", false},
		{"a namesake", found, facts.Object{Ref: other, Exists: true, Reason: "0 of 1 updated"}, "0 of 1 updated", false},
		{"no reason was found", &Diagnostics{Objects: []facts.Object{{Ref: web}}}, facts.Object{Ref: web, Reason: "0 of 1 updated"},
			"0 of 1 updated", false},
		{"nothing was found", nil, facts.Object{Ref: web, Reason: "0 of 1 updated"}, "0 of 1 updated", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			objects := []facts.Object{c.object}
			c.diagnostics.Explain(objects)
			if objects[0].Reason != c.reason || objects[0].Failed != c.failed {
				t.Errorf("reason %q, failed %t; want %q, %t", objects[0].Reason, objects[0].Failed, c.reason, c.failed)
			}
		})
	}
}

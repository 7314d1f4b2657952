package result

import (
	"fmt"
	"strings"
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

// The kinds of the causes are left, and the names of what they are of.
func TestWithhold(t *testing.T) {
	web := facts.Ref{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "pr-1", Name: "web"}
	crash := facts.Cause{Kind: facts.CauseCrash, Container: "app", About: "hunter2", Said: "no login with hunter2", ExitCode: 3}
	ready := facts.Object{Ref: web, Ready: true}
	d := &Diagnostics{
		Reason:  "hunter2",
		Faults:  []Fault{{Ref: web, Cause: crash}},
		Objects: []facts.Object{{Ref: web, Reason: "hunter2", Cause: crash}, ready},
		Symptoms: []Symptom{{Ref: web, Reason: "hunter2", Cause: crash, Events: []string{"Unhealthy: hunter2"},
			Logs: []LogTail{{Container: "app", Lines: []string{"hunter2"}, Telling: "hunter2"}}}},
	}
	d.Withhold("nobody knows")
	told := fmt.Sprintf("%+v", d)
	if strings.Contains(told, "hunter2") || !strings.Contains(told, "not shown, since nobody knows") {
		t.Errorf("what is told: %s", told)
	}
	kept := facts.Cause{Kind: facts.CauseCrash, Container: "app", ExitCode: 3}
	if d.Faults[0].Cause != kept || d.Objects[1].Reason != "" || d.Symptoms[0].Logs[0].Container != "app" {
		t.Errorf("what is left: %+v", d)
	}
	(*Diagnostics)(nil).Withhold("nobody knows")
}

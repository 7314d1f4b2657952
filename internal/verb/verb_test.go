package verb

import (
	"slices"
	"strings"
	"testing"
)

func TestTable(t *testing.T) {
	var seen []Verb
	for _, p := range Table {
		if p.Verb == "" || slices.Contains(seen, p.Verb) {
			t.Errorf("%q has no name, or is there twice", p.Verb)
		}
		seen = append(seen, p.Verb)
		if !strings.HasSuffix(p.Doc, ".") || strings.Contains(p.Doc, "\n") {
			t.Errorf("%s: its help is not one sentence: %q", p.Verb, p.Doc)
		}
		if p.OnRelease != (p.Success != "") {
			t.Errorf("%s: a verb that works on a release, and no other, says how it went", p.Verb)
		}
		if p.Writes && (!p.Locks || !p.ReadsLock || !p.AsksAccess) {
			t.Errorf("%s: it writes without the lock, or without asking for permissions", p.Verb)
		}
		if p.NeedsChart && !p.DeployAccess || p.DeployAccess && !p.AsksAccess {
			t.Errorf("%s: it needs permissions that it does not ask for", p.Verb)
		}
		for _, chosen := range p.Chooses {
			if !Of(chosen).OnRelease && !Of(chosen).OnFleet {
				t.Errorf("%s chooses %s, which works on no review app", p.Verb, chosen)
			}
		}
	}
}

func TestOf(t *testing.T) {
	if p := Of(Check); p.Verb != Check || p.Writes {
		t.Errorf("got %+v", p)
	}
	if p := Of("destroy"); p.Verb != "" || p.Doc != "" || p.OnRelease {
		t.Errorf("an unknown verb has properties: %+v", p)
	}
}

func TestWith(t *testing.T) {
	if got := With(func(p Properties) bool { return p.Writes }); !slices.Equal(got, []Verb{Deploy, Repair, Teardown, Sweep}) {
		t.Errorf("got %v", got)
	}
	if got := Join([]Verb{Deploy, Teardown}, ", "); got != "deploy, teardown" {
		t.Errorf("got %s", got)
	}
}

func TestSuccessLine(t *testing.T) {
	for v, want := range map[Verb]string{
		Deploy:    "Revision 2 of `shop` is deployed in `review`; what Helm stored is what runs.",
		Check:     "Revision 2 of `shop` is deployed in `review`; what Helm stored is what runs.",
		Repair:    "Repaired: revision 2 of `shop` is the only one deployed in `review`.",
		Teardown:  "`shop` in `review` is gone; the namespace stays.",
		Preflight: "All that deploying `shop` in `review` needs is permitted, beside the chart's own objects.",
		Auto:      "",
	} {
		if got := Of(v).SuccessLine(2, "shop", "review"); got != want {
			t.Errorf("%s says %q, want %q", v, got, want)
		}
	}
}

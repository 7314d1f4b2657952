package verdict

import (
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/facts"
)

func TestWithoutNamed(t *testing.T) {
	secret := facts.Object{Ref: facts.Ref{Kind: "Secret", Namespace: "ns", Name: "login"}}
	other := facts.Object{Ref: facts.Ref{Kind: "Secret", Namespace: "ns", Name: "other"}}
	class := facts.Object{Ref: facts.Ref{Kind: "PriorityClass", Name: "login"}}
	named := []facts.Named{
		{Ref: facts.Ref{Kind: "Secret", Namespace: "ns", Name: "login"}, By: "Deployment/web"},
		{Ref: facts.Ref{Kind: "PriorityClass", Namespace: "ns", Name: "login"}, By: "Deployment/web"},
	}
	going, kept := WithoutNamed([]facts.Object{secret, other, class}, named, "ns")
	if len(going) != 1 || going[0].Ref != other.Ref {
		t.Errorf("%v go", going)
	}
	if len(kept) != 2 || kept[0] != "Secret/login was kept: Deployment/web of the release names it" {
		t.Errorf("kept: %q", kept)
	}
}

func TestNamedRemains(t *testing.T) {
	f := &facts.Facts{Release: "web", Namespace: facts.Namespace{Name: "ns"}}
	object := func(kind, namespace string) facts.Object {
		return facts.Object{Ref: facts.Ref{Kind: kind, Namespace: namespace, Name: "x"}, Exists: true, Owned: true}
	}
	since := object("Secret", "ns")
	since.Created = time.Unix(100, 0)
	restored := object(claimKind, "ns")
	restored.Maker = "velero-server"
	for name, c := range map[string]struct {
		object        facts.Object
		policy        RemainPolicy
		before        bool // another install is to come
		withNamespace bool
		want          Disposal
	}{
		"a Secret":                      {object("Secret", "ns"), RemainPolicy{}, false, false, DisposalDelete},
		"a claim":                       {object(claimKind, "ns"), RemainPolicy{Hooks: true}, false, false, DisposalStays},
		"a claim, with delete-claims":   {object(claimKind, "ns"), RemainPolicy{Claims: true}, false, false, DisposalDelete},
		"a Secret, before an install":   {object("Secret", "ns"), RemainPolicy{}, true, false, DisposalStays},
		"a claim in what goes":          {object(claimKind, "ns"), RemainPolicy{}, false, true, DisposalGoesAlong},
		"a claim elsewhere":             {object(claimKind, "other"), RemainPolicy{}, false, true, DisposalStays},
		"what others may be in":         {object("Namespace", ""), RemainPolicy{}, false, false, ""},
		"a Secret that came later":      {since, RemainPolicy{}, false, false, DisposalUnproven},
		"a claim that came back":        {restored, RemainPolicy{Claims: true}, false, false, DisposalUnproven},
		"a Secret in what goes as well": {object("Secret", "ns"), RemainPolicy{}, false, true, DisposalGoesAlong},
	} {
		records := []facts.Record{{Revision: 1, Created: time.Unix(10, 0)}, {Revision: 2, Created: time.Unix(50, 0)}}
		older := OlderOf(records, 0, c.object)
		got := NamedRemains(f, nil, []Older{older, older}, c.policy, !c.before, c.withNamespace)
		if c.want == "" && len(got) > 0 || c.want != "" && (len(got) != 1 || got[0].Disposal != c.want) {
			t.Errorf("%s: %v, want %q", name, got, c.want)
		}
		if again := NamedRemains(f, got, []Older{older}, c.policy, !c.before, c.withNamespace); len(again) > 0 {
			t.Errorf("%s: it is among the remains already, and comes again", name)
		}
	}
}

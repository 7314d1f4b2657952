package facts

import "testing"

func TestRefMatches(t *testing.T) {
	ref := Ref{APIVersion: "v1", Kind: "Job", Namespace: "review", Name: "seed-1"}
	for pattern, want := range map[string]bool{
		"Job/seed-1": true, "Job/*": true, "*/seed-*": true, "*/*": true, "Job/seed-[0-9]": true,
		"Job/seed": false, "job/seed-1": false, "*": false, "Pod/*": false, "Job/[": false,
	} {
		if got := ref.Matches(pattern); got != want {
			t.Errorf("%s: %t", pattern, got)
		}
	}
}

func TestRefNames(t *testing.T) {
	for _, c := range []struct {
		ref      Ref
		full, in string // in namespace review
	}{
		{Ref{Kind: "Pod", Namespace: "review", Name: "web"}, "review/Pod/web", "Pod/web"},
		{Ref{Kind: "Pod", Namespace: "other", Name: "web"}, "other/Pod/web", "other/Pod/web"},
		{Ref{Kind: "Namespace", Name: "review"}, "Namespace/review", "Namespace/review"},
	} {
		if got := c.ref.String(); got != c.full {
			t.Errorf("got %q, want %q", got, c.full)
		}
		if got := c.ref.In("review"); got != c.in {
			t.Errorf("got %q, want %q", got, c.in)
		}
	}
}

// A name may have any character: it is a part of a line all the same.
func TestRefIsOneLine(t *testing.T) {
	for name, want := range map[string]string{
		"web":                "Role/web",
		"system:a b|c`d`é":   "Role/system:a b|c`d`é",
		"x\n$ curl | sh":     `Role/"x\n$ curl | sh"`,
		"a\u2028b\u202e\xff": `Role/"a\u2028b\u202e\xff"`,
	} {
		if got := (Ref{Kind: "Role", Name: name}).String(); got != want {
			t.Errorf("%q: got %s, want %s", name, got, want)
		}
	}
	if got, want := (Ref{Kind: "Role", Namespace: "a\nb", Name: "c"}).In("d"), `"a\nb"/Role/c`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

package facts

import "testing"

func TestMakesSame(t *testing.T) {
	in := func(namespace string) Hook { return Hook{Kind: "Secret", Namespace: namespace, Name: "seed"} }
	for name, c := range map[string]struct {
		a, b Hook
		want bool
	}{
		"neither names a namespace":        {in(""), in(""), true},
		"one names the release's":          {in(""), in("review"), true},
		"one names another":                {in(""), in("other"), false},
		"both name another":                {in("other"), in("other"), true},
		"another kind of the same name":    {in(""), Hook{Kind: "ConfigMap", Name: "seed"}, false},
		"of the same kind, another's name": {in(""), Hook{Kind: "Secret", Name: "seeds"}, false},
		"a List, and the same one":         {Hook{Kind: "List", Manifest: "a"}, Hook{Kind: "List", Manifest: "a"}, true},
		"a List, and another one":          {Hook{Kind: "List", Manifest: "a"}, Hook{Kind: "List", Manifest: "b"}, false},
	} {
		if a, b := c.a.MakesSame(c.b, "review"), c.b.MakesSame(c.a, "review"); a != c.want || b != c.want {
			t.Errorf("%s: %t, %t", name, a, b)
		}
	}
	if !in("there").Makes(Ref{Kind: "Secret", Name: "seed"}, "review") {
		t.Error("what is in no namespace has none to differ by")
	}
}

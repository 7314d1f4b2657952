package cli

import (
	"testing"

	"github.com/berth-dev/berth/internal/app"
	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/input"
)

func TestLostFork(t *testing.T) {
	o := &input.Options{}
	o.Host, o.Repository, o.Branch, o.PullRequest = "github.com", "acme/shop", "login", 8
	by := func(head, branch string, number int) claim {
		source := app.Source{Host: o.Host, Repository: o.Repository, HeadRepository: head, Branch: branch}
		named, err := app.New(source, app.Templates{})
		if err != nil {
			t.Fatal(err)
		}
		return claim{
			identity: named.Identity, namespace: named.Namespace,
			origin: facts.Origin{Repository: o.Repository, HeadRepository: head, Branch: branch, PullRequest: number},
		}
	}
	changed := func(c claim, change func(*claim)) claim {
		change(&c)
		return c
	}
	for name, tt := range map[string]struct {
		claims  []claim
		want    string
		unclear bool
	}{
		"nothing":                      {nil, "", false},
		"its own":                      {[]claim{by("mallory/shop", "login", 8), by("octo/shop", "login", 9)}, "mallory/shop", true},
		"in several records":           {[]claim{by("mallory/shop", "login", 8), by("Mallory/Shop", "login", 8)}, "mallory/shop", true},
		"of a fork of another name":    {[]claim{by("mallory/shop-2", "login", 8)}, "mallory/shop-2", true},
		"of two forks":                 {[]claim{by("mallory/shop", "login", 8), by("octo/shop", "login", 8)}, "", true},
		"of the base repository":       {[]claim{by("acme/shop", "login", 8)}, "", true},
		"of another pull request":      {[]claim{by("mallory/shop", "login", 7)}, "", false},
		"without a pull request":       {[]claim{by("mallory/shop", "login", 0)}, "", true},
		"of another branch":            {[]claim{by("mallory/shop", "logout", 8)}, "", true},
		"the base repository's branch": {[]claim{by("acme/shop", "login", 0)}, "", false},
		"no identity":                  {[]claim{changed(by("mallory/shop", "login", 8), func(c *claim) { c.identity = "" })}, "", false},
		"an identity of others": {[]claim{changed(by("acme/shop", "login", 8), func(c *claim) { c.origin.HeadRepository = "mallory/shop" })},
			"", true},
		"in a namespace of another name": {[]claim{changed(by("mallory/shop", "login", 8), func(c *claim) { c.namespace = "planted" })},
			"", true},
		"in its record": {[]claim{changed(by("mallory/shop", "login", 8), func(c *claim) { c.release = "shop" })}, "mallory/shop", true},
		"in another release's record": {[]claim{changed(by("mallory/shop", "login", 8), func(c *claim) { c.release = "planted" })},
			"", true},
		"an old version's": {[]claim{changed(by("mallory/shop", "login", 0), func(c *claim) { c.origin = facts.Origin{Branch: "x"} })},
			"", true},
	} {
		if got := (finding{options: o}).lostFork(tt.claims); got != tt.want {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
		may := false
		for _, c := range tt.claims {
			may = may || unclear(o, c)
		}
		if may != tt.unclear {
			t.Errorf("%s: unclear is %v", name, may)
		}
	}
}

package cli

import (
	"strings"
	"testing"

	"github.com/berth-dev/berth/internal/app"
	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/fleet"
	"github.com/berth-dev/berth/internal/input"
)

// Whoever may annotate a branch's namespace may write anything there. What no app is called is in
// doubt, so that a sweep keeps it, and does not fail for it each time.
func TestWhatIsNoNameIsInDoubt(t *testing.T) {
	source := app.Source{Host: "github.com", Repository: "acme/shop", Branch: "a"}
	for said, change := range map[string]func(*fleet.App){
		"":             func(*fleet.App) {},
		"its release":  func(a *fleet.App) { a.Release = "Shop of\nmine" },
		`"{{ .App }}"`: func(a *fleet.App) { a.Release = "{{ .App }}" },
		"its app":      func(a *fleet.App) { a.Name = "../shop" },
	} {
		a := fleet.App{Name: "shop", Namespace: "review-a", Release: "shop", Host: source.Host, Identity: app.Identity(source),
			Repository: app.RepositoryHash(source.Host, source.Repository), Origin: facts.Origin{Repository: source.Repository, Branch: "a"}}
		change(&a)
		prove(&a)
		if (a.Doubt == "") != (said == "") || !strings.Contains(a.Doubt, said) {
			t.Errorf("%q of release %q, app %q", a.Doubt, a.Release, a.Name)
		}
	}
}

// What a workflow lets the teardown of one app do, it does not let a sweep do that auto makes of a schedule.
func TestASweepLetsNothingGoThatIsOfOthers(t *testing.T) {
	o := &input.Options{}
	o.DeleteForeign, o.DeleteKept, o.SkipFailedHooks, o.StripFinalizers = true, true, true, []string{"v1/ConfigMap"}
	o.Adopt = []string{"all"}
	o.DeleteHooks, o.DeleteClaims, o.NamespaceOwns = true, true, []string{"Secret/registry"}
	got := teardownOf(o, fleet.App{Namespace: "review-a", Release: "shop", Origin: facts.Origin{Repository: "acme/shop", Branch: "a"}})
	if p := engineOptions(target{}, got).Policy; p.DeleteForeign || p.DeleteKept || len(p.StripFinalizers) > 0 ||
		got.SkipFailedHooks || len(got.Adopt) > 0 {
		t.Errorf("it lets go %+v", p)
	}
	if !got.DeleteHooks || !got.DeleteClaims || len(got.NamespaceOwns) != 1 {
		t.Errorf("it leaves what it is told to take: %+v", got)
	}
	if !o.DeleteForeign {
		t.Error("the sweep's own options were changed")
	}
}

package cli

import (
	"testing"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/fleet"
	"github.com/berth-dev/berth/internal/input"
)

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

package verdict

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
)

const (
	us   = "web/me"
	them = "shop/other"
)

// companion is the copy of platform/registry, as it is there.
func companion(name string, change func(*facts.Companion)) facts.Companion {
	c := facts.Companion{Ref: facts.Ref{APIVersion: "v1", Kind: "Secret", Namespace: "review", Name: name}, Source: "platform/registry",
		UID: "1", Version: "7", Ours: true, Made: "platform/registry", Releases: []string{us}, Same: true}
	if change != nil {
		change(&c)
	}
	return c
}

func TestPlanCompanions(t *testing.T) {
	absent := func(c *facts.Companion) { *c = facts.Companion{Ref: c.Ref, Source: c.Source} }
	theirs := func(c *facts.Companion) { c.Releases = []string{them} }
	for name, c := range map[string]struct {
		wanted, others []facts.Companion
		want           string
		left           int
		reason         problem.ExitReason
		says           string
	}{
		"nothing":             {},
		"it is as it is":      {wanted: []facts.Companion{companion("a", nil)}},
		"it is not there":     {wanted: []facts.Companion{companion("a", absent)}, want: "write a web/me"},
		"it holds old data":   {wanted: []facts.Companion{companion("a", func(c *facts.Companion) { c.Same = false })}, want: "write a web/me"},
		"it is another's too": {wanted: []facts.Companion{companion("a", theirs)}, want: "share a shop/other web/me"},
		"it is another's, and old": {want: "write a shop/other web/me",
			wanted: []facts.Companion{companion("a", func(c *facts.Companion) { theirs(c); c.Same = false })}},
		"it is of another source now": {wanted: []facts.Companion{companion("a", func(c *facts.Companion) { c.Made = "old/registry" })},
			want: "write a web/me"},
		"it is of another source to another": {reason: problem.Foreign, says: `there for shop`,
			wanted: []facts.Companion{companion("a", func(c *facts.Companion) { theirs(c); c.Made = "old/registry" })}},
		"it is somebody's": {reason: problem.Foreign, says: "Berth did not make it",
			wanted: []facts.Companion{companion("b", absent), companion("a", func(c *facts.Companion) { c.Ours = false })}},
		"it is being deleted": {reason: problem.Inconsistent, says: "is being deleted",
			wanted: []facts.Companion{companion("a", func(c *facts.Companion) { c.Deleting = true })}},
		"it would be made anew, and is to be kept": {reason: problem.Foreign, says: "marked",
			wanted: []facts.Companion{companion("a", func(c *facts.Companion) { c.Same, c.Remake, c.KeepWhy = false, true, "it is marked" })}},
		"it is not wanted any more": {others: []facts.Companion{companion("a", nil)}, want: "then remove a"},
		"but by another release": {want: "then share a shop/other",
			others: []facts.Companion{companion("a", func(c *facts.Companion) { c.Releases = []string{them, us} })}},
		"it is another release's": {others: []facts.Companion{companion("a", theirs)}},
		"it is to be kept": {left: 1,
			others: []facts.Companion{companion("a", func(c *facts.Companion) { c.KeepWhy = "it is marked" })}},
		"its marks are gone": {left: 1,
			others: []facts.Companion{companion("a", func(c *facts.Companion) { c.Ours, c.Releases = false, nil })}},
		"a copy of it by a person":    {others: []facts.Companion{companion("a", func(c *facts.Companion) { c.Ours = false })}, left: 1},
		"and of another release's":    {others: []facts.Companion{companion("a", func(c *facts.Companion) { theirs(c); c.Ours = false })}},
		"it is going, and not wanted": {others: []facts.Companion{companion("a", func(c *facts.Companion) { c.Deleting = true })}},
		"a quota in place of another": {want: "write a web/me",
			wanted: []facts.Companion{companion("a", func(c *facts.Companion) { c.Source, c.Made, c.Same = "", "", false })}},
		"a quota that is somebody's": {reason: problem.Foreign, says: "of the input quota",
			wanted: []facts.Companion{companion("a", func(c *facts.Companion) { c.Source, c.Ours = "", false })}},
		"one is wanted, one is not": {want: "write a web/me; then remove b", others: []facts.Companion{companion("b", nil)},
			wanted: []facts.Companion{companion("a", absent)}},
		"a quota and a copy": {want: "write b web/me; write a web/me", wanted: []facts.Companion{companion("a", absent),
			companion("b", func(c *facts.Companion) { *c = facts.Companion{Ref: c.Ref}; c.Kind = "ResourceQuota" })}},
		"a quota in place of one that goes": {want: "remove b; write a web/me", wanted: []facts.Companion{companion("a", absent)},
			others: []facts.Companion{companion("b", func(c *facts.Companion) { c.Kind, c.Source, c.Made = "ResourceQuota", "", "" })}},
		"a quota that is not wanted any more": {want: "remove a",
			others: []facts.Companion{companion("a", func(c *facts.Companion) { c.Kind, c.Source, c.Made = "LimitRange", "", "" })}},
		"what names nobody is nobody's": {others: []facts.Companion{companion("a", func(c *facts.Companion) { c.Releases = nil })}},
	} {
		t.Run(name, func(t *testing.T) {
			plan := PlanCompanions(us, c.wanted, c.others)
			var did []string
			for _, s := range plan.Steps {
				did = append(did, told(s))
			}
			for _, s := range plan.After {
				did = append(did, "then "+told(s))
			}
			if got := strings.Join(did, "; "); got != c.want || len(plan.Left) != c.left {
				t.Errorf("planned %q, %d left; want %q, %d", got, len(plan.Left), c.want, c.left)
			}
			if (plan.Refusal == nil) != (c.reason == "") {
				t.Fatalf("refused: %v", plan.Refusal)
			}
			if p := plan.Refusal; p != nil && (p.Reason != c.reason || !strings.Contains(p.Headline+p.Error(), c.says)) {
				t.Errorf("refused as %s: %s %v", p.Reason, p.Headline, p)
			}
		})
	}
}

func told(s CompanionStep) string {
	return strings.TrimSpace(fmt.Sprintf("%s %s %s", s.Action, s.Companion.Name, strings.Join(s.Releases, " ")))
}

// What the chart makes by now comes in place of the copy of that name, and of no other release's.
func TestMakeWay(t *testing.T) {
	plan := PlanCompanions(us, nil, []facts.Companion{companion("a", nil), companion("b", nil),
		companion("c", func(c *facts.Companion) { c.Releases = []string{them, us} })})
	way := plan.MakeWay(func(name string) bool { return name != "b" })
	if len(way.Steps) != 1 || told(way.Steps[0]) != "remove a" || len(way.After) != 2 || told(way.After[0]) != "remove b" {
		t.Errorf("%+v", way)
	}
	if len(plan.Steps) > 0 || len(plan.After) != 3 {
		t.Errorf("the plan itself is %+v", plan)
	}
}

func TestRefuseSource(t *testing.T) {
	for kind, good := range map[string]bool{
		"kubernetes.io/dockerconfigjson": true, "kubernetes.io/tls": true, "Opaque": true,
		"kubernetes.io/service-account-token": false, "bootstrap.kubernetes.io/token": false, "helm.sh/release.v1": false, "": false,
		"example.com/mine": false,
	} {
		p := RefuseSource(facts.Source{Namespace: "platform", Name: "registry", Exists: true, Type: kind})
		if (p == nil) != good {
			t.Errorf("%q: %v", kind, p)
		}
	}
	if p := RefuseSource(facts.Source{Namespace: "platform", Name: "registry"}); p == nil || p.Reason != problem.WrongInput {
		t.Errorf("one that is not there: %v", p)
	}
}

func TestWithoutQuota(t *testing.T) {
	own := facts.Namespace{Name: "review", Phase: facts.NamespaceActive, Ours: true, Identity: "me"}
	for name, c := range map[string]struct {
		change func(*facts.Namespace)
		want   string
	}{
		"its own":       {func(*facts.Namespace) {}, ""},
		"to be made":    {func(n *facts.Namespace) { *n = facts.Namespace{Phase: facts.NamespaceAbsent} }, ""},
		"shared":        {func(n *facts.Namespace) { n.Shared = true }, "more than one branch"},
		"nobody's":      {func(n *facts.Namespace) { n.Ours = false }, "Berth did not make it"},
		"adopted":       {func(n *facts.Namespace) { n.Adopted = time.Now() }, "Berth adopted it"},
		"another's":     {func(n *facts.Namespace) { n.Identity = "other" }, "for another branch"},
		"the cluster's": {func(n *facts.Namespace) { n.Name = "default" }, "Kubernetes' own"},
	} {
		ns := own
		c.change(&ns)
		if got := WithoutQuota(ns, "me"); got != c.want && (c.want == "" || !strings.Contains(got, c.want)) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestCheckCompanions(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*facts.Companion)
		says   string
	}{
		"there":             {nil, ""},
		"old":               {func(c *facts.Companion) { c.Same = false }, ""},
		"gone":              {func(c *facts.Companion) { c.UID = "" }, "is gone"},
		"somebody's":        {func(c *facts.Companion) { c.Ours = false }, "is not the copy"},
		"of another Secret": {func(c *facts.Companion) { c.Made = "x/y" }, "is not the copy"},
		"for others alone":  {func(c *facts.Companion) { c.Releases = []string{them} }, "not for this one"},
		"of a known branch": {func(c *facts.Companion) { c.Releases = []string{"web/somebody"} }, ""},
	} {
		p := CheckCompanions([]facts.Companion{companion("a", c.change)}, us)
		if (p == nil) != (c.says == "") || p != nil && !strings.Contains(p.Headline, c.says) {
			t.Errorf("%s: %v", name, p)
		}
	}
	if got := ReleaseNames([]string{us, them}); !slices.Equal(got, []string{"web", "shop"}) {
		t.Error(got)
	}
}

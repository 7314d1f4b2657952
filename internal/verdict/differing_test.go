package verdict

import (
	"strings"
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/facts"
)

func TestDiffering(t *testing.T) {
	const image, replicas = "spec.template.spec.containers[web].image", "spec.replicas"
	ref := facts.Ref{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "n", Name: "web"}
	by := func(change func(*facts.Difference)) facts.Difference {
		d := facts.Difference{Path: image, Digest: "1"}
		change(&d)
		return d
	}
	as := func(digest string) facts.Baseline { return facts.Baseline{ref: {image: digest}} }
	hand, own := by(func(*facts.Difference) {}), by(func(d *facts.Difference) { d.Own = true })
	for name, c := range map[string]struct {
		d        facts.Difference
		baseline facts.Baseline
		ignored  string
		counts   bool
	}{
		"a hand's":                                      {hand, nil, "", true},
		"the release's own, and no baseline":            {own, nil, "", false},
		"an injector's, and no baseline":                {by(func(d *facts.Difference) { d.Injected = true }), nil, "", false},
		"the release's own, and a baseline without it":  {own, facts.Baseline{}, "", true},
		"an injector's, and a baseline without it":      {by(func(d *facts.Difference) { d.Injected = true }), facts.Baseline{}, "", true},
		"what the deploy left":                          {hand, as("1"), "", false},
		"something else than what the deploy left":      {hand, as("2"), "", true},
		"what the deploy left at another object":        {hand, facts.Baseline{{Kind: "Deployment", Name: "web"}: {image: "1"}}, "", true},
		"ignored":                                       {hand, facts.Baseline{}, "Deployment/web:" + image, false},
		"ignored by a path above it":                    {hand, nil, "Deployment/web:spec.template.spec.containers", false},
		"ignored by globs":                              {hand, nil, "*/w*:spec.*.containers[*].image", false},
		"another path is ignored":                       {hand, nil, "Deployment/web:" + replicas, true},
		"a path that begins alike is ignored":           {hand, nil, "Deployment/web:spec.template.spec.containers[web].im", true},
		"another object's is ignored":                   {hand, nil, "Deployment/web-2:spec", true},
		"another kind's is ignored":                     {hand, nil, "StatefulSet/*:spec", true},
		"all of an object is ignored":                   {hand, nil, "Deployment/web:*", false},
		"a pattern that no input takes ignores nothing": {hand, nil, "Deployment/web", true},
	} {
		t.Run(name, func(t *testing.T) {
			o := facts.Object{Ref: ref, Contents: facts.Contents{Differences: []facts.Difference{c.d}}}
			differing, notes := Differing(o, c.baseline, []string{c.ignored})
			if (len(differing) == 1) != c.counts || len(differing)+len(notes) != 1 {
				t.Errorf("differing %v, notes %v", differing, notes)
			}
		})
	}
}

// What is too much to be told apart is ignored with what it is a part of.
func TestIgnoredOthers(t *testing.T) {
	at := facts.Ref{Kind: "ConfigMap", Name: "c"}
	for pattern, want := range map[string]bool{"ConfigMap/c:data": true, "ConfigMap/*:data.*": true, "ConfigMap/c:metadata": false} {
		if got := ignores([]string{pattern}, at, "data.others"); got != want {
			t.Errorf("%s: %v", pattern, got)
		}
	}
}

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		pattern, s string
		want       bool
	}{
		{"a", "a", true}, {"a", "ab", false}, {"*", "", true}, {"a*", "a", true}, {"a*c", "abc", true}, {"a*c", "abcd", false},
		{"a*b*c", "aXbXc", true}, {"a*b*c", "acb", false}, {"*.image", "x[a].image", true}, {"a*a", "a", false}, {"[a]", "a", false},
		{"**", "x", true}, {"", "", true}, {"", "x", false},
	} {
		if got := matches(c.pattern, c.s); got != c.want {
			t.Errorf("%q matches %q: %v", c.pattern, c.s, got)
		}
	}
}

func TestCheckContents(t *testing.T) {
	at := time.Date(2026, 9, 1, 10, 3, 0, 0, time.UTC)
	f := inPlace(given(stored(1, facts.StatusDeployed)))
	f.Objects[0].Differences = []facts.Difference{
		{Path: "a", Recorded: "web:1", Live: "web:hand", Author: "kubectl-set", Written: at},
		{Path: "b", Recorded: "x", Digest: facts.Gone},
		{Path: "c", Live: "{name: x}", Author: "kubectl", Written: at.AddDate(0, 0, -1)},
		{Path: "d", Recorded: facts.NotShown, Live: facts.NotShown, Author: "k9s"},
		{Path: "e", Recorded: "1", Live: "2"}, {Path: "f", Recorded: "1", Live: "2"}, {Path: "g", Recorded: "1", Live: "2"},
	}
	c := checkContents(f, usual)
	want := strings.Join([]string{
		"Deployment/web: a is `web:hand`, the record says `web:1`; last write by kubectl-set, 10:03",
		"Deployment/web: b is not there, the record says `x`",
		"Deployment/web: c is `{name: x}`, the record has none; last write by kubectl, 2026-08-31 10:03",
		"Deployment/web: d is not what the record says, and neither value is shown; last write by k9s",
		"Deployment/web: e is `2`, the record says `1`",
		"Deployment/web: and 2 more fields",
	}, "\n")
	if got := strings.Join(c.Findings, "\n"); c.OK || got != want || c.Detail != "7 fields of 1 object not as the record says" {
		t.Errorf("%v, %s:\n%s", c.OK, c.Detail, got)
	}
	f.Records[0].Baseline = facts.Baseline{f.Objects[0].Ref: {}}
	for _, d := range f.Objects[0].Differences {
		f.Records[0].Baseline[f.Objects[0].Ref][d.Path] = d.Digest
	}
	if c := checkContents(f, usual); !c.OK || len(c.Findings) > 0 {
		t.Errorf("with a baseline: %+v", c)
	}
}

// A promotion takes for admission's only what the operation itself wrote. Times are
// whole seconds: in the second in which the operation began, the revision before may
// have been at work.
func TestOfOperation(t *testing.T) {
	began := time.Unix(1e9, 0)
	for name, c := range map[string]struct {
		after   time.Duration
		earlier bool
		own     bool
	}{
		"before":                          {-time.Second, false, false},
		"in the same second, the first":   {0, false, true},
		"in the same second, not a first": {0, true, false},
		"since":                           {time.Second, true, true},
	} {
		got := ofOperation([]facts.Difference{{Own: true, Written: began.Add(c.after)}}, began, c.earlier)
		if got[0].Own != c.own {
			t.Errorf("%s: own is %t", name, got[0].Own)
		}
	}
}

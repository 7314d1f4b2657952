package verdict

import (
	"errors"
	"reflect"
	"testing"

	"github.com/berth-dev/berth/internal/facts"
)

// What may differ after a deploy: what admission made of its writes, and what was
// written since by others than a person.
func TestBaselineOf(t *testing.T) {
	hook := func(event string) []facts.Hook { return []facts.Hook{{Name: "h", Events: []string{event}}} }
	since := func(author string) facts.Difference {
		return facts.Difference{Path: "spec.x", Digest: "2", Author: author}
	}
	byHand := func(tool string) facts.Difference {
		d := since(tool)
		d.ByHand = true
		return d
	}
	gone := facts.Difference{Path: "spec.x", Digest: facts.Gone}
	left := facts.Difference{Path: "spec.image", Digest: "1", Own: true}
	for name, c := range map[string]struct {
		kind     string
		d        facts.Difference
		hooks    []facts.Hook
		unmended bool
		accepted bool
	}{
		"as its write left it":         {kind: "Deployment", d: left, accepted: true},
		"the same, with another value": {kind: "Deployment", d: facts.Difference{Path: "spec.image", Digest: "2", Own: true}},
		"by a controller since":        {kind: "Deployment", d: since("operator"), accepted: true},
		"by a hand since":              {kind: "Service", d: byHand("kubectl-edit")},
		"by a script in a hook":        {kind: "Service", d: byHand("kubectl-patch"), hooks: hook("post-install"), accepted: true},
		"by a hand, of what runs":      {kind: "Deployment", d: byHand("kubectl-set"), hooks: hook("post-install")},
		"gone since":                   {kind: "Service", d: gone},
		"gone since, with a hook":      {kind: "Service", d: gone, hooks: hook("post-install"), accepted: true},
		"what could not be mended":     {kind: "Deployment", d: since("operator"), unmended: true},
		"a hook before the objects":    {kind: "Service", d: gone, hooks: hook("pre-install")},
		"by another Helm since": {
			kind: "Service", d: facts.Difference{Path: "spec.x", Digest: "2", Author: "helm", Own: true}, hooks: hook("post-install")},
		"what ignore-drift names, too": {kind: "Service", d: facts.Difference{Path: "spec.ignored", Digest: "2", Author: "operator"}},
	} {
		ref := facts.Ref{Kind: c.kind, Name: "web"}
		o := facts.Object{Ref: ref, Exists: true}
		o.Differences = []facts.Difference{c.d}
		f := &facts.Facts{Objects: []facts.Object{o}, Records: []facts.Record{{Content: facts.Content{Hooks: c.hooks}}}}
		r := Reported{Left: facts.Baseline{ref: {left.Path: left.Digest}}}
		if c.unmended {
			r.Unmended = map[facts.Ref]error{ref: errors.New("no")}
		}
		b := BaselineOf(f, r, Policy{IgnoreDrift: []string{"*/web:spec.ignored"}})
		if got := b.Accepts(ref, c.d); got != c.accepted {
			t.Errorf("%s: accepted %t", name, got)
		}
	}
}

// What differs is presumed to be admission's only where nobody noted it and nothing
// failed since: three revisions, of which the second reached an object and the third,
// equal to the first, did not, would leave it as the second wrote it.
func TestExpected(t *testing.T) {
	ref := facts.Ref{Kind: "Service", Name: "web"}
	stored := facts.Baseline{ref: {"spec.x": "1"}}
	record := func(revision int, s facts.Status, b facts.Baseline) facts.Record {
		return facts.Record{Revision: revision, LabelStatus: s, Baseline: b}
	}
	deployed, failed := record(1, facts.StatusDeployed, nil), record(2, facts.StatusFailed, nil)
	again := record(3, facts.StatusDeployed, nil)
	for name, c := range map[string]struct {
		records []facts.Record
		want    facts.Baseline
	}{
		"no record":                   {nil, nil},
		"noted":                       {[]facts.Record{record(1, facts.StatusDeployed, stored)}, stored},
		"noted, and failed since":     {[]facts.Record{record(1, facts.StatusDeployed, stored), failed}, stored},
		"not noted":                   {[]facts.Record{deployed}, nil},
		"not noted, and failed since": {[]facts.Record{deployed, failed}, facts.Baseline{}},
		"not noted, and interrupted":  {[]facts.Record{deployed, record(2, facts.StatusPendingUpgrade, nil)}, facts.Baseline{}},
		"not noted, after a failure":  {[]facts.Record{record(1, facts.StatusSuperseded, nil), failed, again}, facts.Baseline{}},
		"not noted, after good ones":  {[]facts.Record{record(1, facts.StatusSuperseded, nil), again}, nil},
		"nothing but failures":        {[]facts.Record{record(1, facts.StatusFailed, nil), failed}, facts.Baseline{}},
	} {
		if got := Expected(&facts.Facts{Records: c.records}).Left; !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// A run that wrote no object takes the baseline as it is stored.
func TestBaselineOfWhatIsStored(t *testing.T) {
	ref := facts.Ref{Kind: "Service", Name: "web"}
	stored := facts.Baseline{ref: {"spec.x": "1"}}
	f := &facts.Facts{Records: []facts.Record{{LabelStatus: facts.StatusDeployed, Baseline: stored}, {LabelStatus: facts.StatusFailed}}}
	if got := BaselineOf(f, Reported{}, Policy{}); got != nil {
		t.Errorf("of the last, which has none: %v", got)
	}
	if got := BaselineOf(&facts.Facts{}, Reported{Left: stored}, Policy{}); got != nil {
		t.Errorf("of no record: %v", got)
	}
}

package verdict

import (
	"strings"
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
)

// deployedWith is a release that was deployed ten minutes ago and has this object.
func deployedWith(change func(*facts.Object)) *facts.Facts {
	f := inPlace(given(stored(1, facts.StatusDeployed)))
	f.Records[0].Created = now.Add(-10 * time.Minute)
	o := &f.Objects[0]
	o.Kind, o.Name, o.Namespace = "Job", "seed", "review-1"
	change(o)
	MarkExpired(f)
	return f
}

func TestWhatExpired(t *testing.T) {
	ttl := func(d time.Duration, change func(*facts.Object)) func(*facts.Object) {
		return func(o *facts.Object) {
			o.TTL = &d
			change(o)
		}
	}
	gone := func(o *facts.Object) { o.Exists, o.Owned, o.Ready = false, false, false }
	going := func(o *facts.Object) { o.Deleting, o.Complete, o.Ready = true, true, false }
	for name, c := range map[string]struct {
		change func(*facts.Object)
		good   bool
	}{
		"gone at once":                     {ttl(0, gone), true},
		"gone after its time":              {ttl(10*time.Minute, gone), true},
		"gone before its time":             {ttl(11*time.Minute, gone), false},
		"gone, and it should not":          {gone, false},
		"just going":                       {ttl(time.Minute, going), true},
		"going before its time":            {ttl(time.Hour, going), false},
		"going, and it has not ended":      {ttl(0, func(o *facts.Object) { o.Deleting, o.Ready = true, false }), false},
		"gone with its kind":               {ttl(0, func(o *facts.Object) { gone(o); o.Error = "no such kind" }), false},
		"there, and it has not ended":      {ttl(0, func(*facts.Object) {}), true},
		"there, and it failed":             {ttl(0, func(o *facts.Object) { o.Ready, o.Failed = false, true }), false},
		"somebody else's under its name":   {ttl(0, func(o *facts.Object) { o.Owned = false }), false},
		"not ready, and wait-ignore knows": {func(o *facts.Object) { o.Ready, o.Ignored = false, true }, true},
		"gone, and wait-ignore knows":      {func(o *facts.Object) { gone(o); o.Ignored = true }, false},
	} {
		if checks := Checks(deployedWith(c.change), Reported{}, usual); Consistent(checks) != c.good {
			t.Errorf("%s: %+v", name, checks)
		}
	}
}

func TestWhatIsIgnoredIsNamed(t *testing.T) {
	f := deployedWith(func(o *facts.Object) { o.Ready, o.Ignored = false, true })
	for _, c := range Checks(f, Reported{}, usual) {
		if c.Name == checkNameReady && c.Detail != "2 of 2; left out by wait-ignore: Job/seed" {
			t.Errorf("detail %q", c.Detail)
		}
	}
	for range 6 {
		f.Objects = append(f.Objects, f.Objects[0])
	}
	if got := ignored(f); !strings.HasSuffix(got, " and 2 more") {
		t.Errorf("7 are named as %q", got)
	}
}

// A Job that failed ends a check at once: that of a deploy as the deploy's failure.
func TestAFailedJobEndsTheCheck(t *testing.T) {
	failed := func(o *facts.Object) {
		o.Ready, o.Failed, o.Reason = false, true, "the Job failed: BackoffLimitExceeded"
	}
	for name, c := range map[string]struct {
		change   func(*facts.Object)
		reported Reported
		want     problem.ExitReason
	}{
		"after a deploy":      {failed, Reported{Revision: 1, Manifest: "m"}, problem.DeployFailed},
		"after a repair":      {failed, Reported{Revision: 1}, problem.Inconsistent},
		"later":               {failed, Reported{}, problem.Inconsistent},
		"a Deployment":        {func(o *facts.Object) { failed(o); o.Kind = "Deployment" }, Reported{Revision: 1, Manifest: "m"}, ""},
		"one that is ignored": {func(o *facts.Object) { failed(o); o.Ignored = true }, Reported{Revision: 1, Manifest: "m"}, ""},
		"one that runs":       {func(*facts.Object) {}, Reported{Revision: 1, Manifest: "m"}, ""},
	} {
		f := deployedWith(c.change)
		p := EndCheck(f, Diagnose(f, Policy{}), c.reported, Checks(f, c.reported, usual))
		switch {
		case p == nil && c.want != "", p != nil && p.Reason != c.want:
			t.Errorf("%s: %v", name, p)
		case p != nil && (!strings.Contains(p.Error(), "Job/seed: the Job failed: BackoffLimitExceeded") || !strings.Contains(p.Next,
			"kubectl delete job/seed -n review-1")):
			t.Errorf("%s says %v; %s", name, p, p.Next)
		}
	}
}

func TestAwaitsControllers(t *testing.T) {
	unready := func(o *facts.Object) { o.Ready, o.Custom = false, true }
	for name, c := range map[string]struct {
		change func(*facts.Facts)
		want   bool
	}{
		"a custom resource is not ready":     {func(*facts.Facts) {}, true},
		"it cannot become so":                {func(f *facts.Facts) { f.Objects[0].Failed = true }, false},
		"neither is a Deployment":            {func(f *facts.Facts) { f.Objects[1].Ready = false }, false},
		"one is missing":                     {func(f *facts.Facts) { f.Objects[1].Exists = false }, false},
		"the record does not say deployed":   {func(f *facts.Facts) { f.Records[0].LabelStatus = facts.StatusFailed }, false},
		"all is well":                        {func(f *facts.Facts) { f.Objects[0].Ready = true }, false},
		"the other one need not become so":   {func(f *facts.Facts) { f.Objects[1].Ready, f.Objects[1].Ignored = false, true }, true},
		"the objects could not be read once": {func(f *facts.Facts) { f.Observed = false }, false},
	} {
		f := with(deployedWith(unready), c.change)
		if got := AwaitsControllers(f, Checks(f, Reported{}, usual)); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

package verdict

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/facts"
)

// What only older revisions have goes with the release, but for data and for what others have made.
func TestOlderRemains(t *testing.T) {
	of := func(kind string, change func(*Older)) Older {
		o := Older{Object: healthy("data")}
		o.Kind = kind
		change(&o)
		return o
	}
	as, claims := func(*Older) {}, RemainPolicy{Claims: true}
	for name, c := range map[string]struct {
		object Older
		policy RemainPolicy
		before bool // another install is to come
		want   Disposal
	}{
		"a ConfigMap":                   {of("ConfigMap", as), RemainPolicy{}, false, DisposalDelete},
		"a Secret before an install":    {of("Secret", as), claims, true, DisposalStays},
		"a claim":                       {of(claimKind, as), RemainPolicy{}, false, DisposalStays},
		"a claim with delete-claims":    {of(claimKind, as), claims, false, DisposalDelete},
		"a claim that is being deleted": {of(claimKind, func(o *Older) { o.Deleting = true }), RemainPolicy{}, false, DisposalDelete},
		"a claim that Helm has made":    {of(claimKind, func(o *Older) { o.Maker = helmsClient }), claims, false, DisposalDelete},
		"a claim that a person has made": {of(claimKind, func(o *Older) { o.Maker = "kubectl" }), claims, false,
			DisposalUnproven},
		"what was made since":         {of("ConfigMap", func(o *Older) { o.MadeAfter = 2 }), RemainPolicy{}, false, DisposalUnproven},
		"a claim that was made since": {of(claimKind, func(o *Older) { o.MadeAfter = 2 }), claims, false, DisposalUnproven},
		"what goes, made since":       {of("Job", func(o *Older) { o.MadeAfter, o.Deleting = 2, true }), RemainPolicy{}, false, DisposalUnproven},
	} {
		going, staying := OlderRemains([]Older{c.object}, c.policy, !c.before)
		if c.want == DisposalDelete && (len(going) != 1 || len(staying) > 0) ||
			c.want != DisposalDelete && (len(going) > 0 || len(staying) != 1 || staying[0].Disposal != c.want) {
			t.Errorf("%s: %v goes, %v stays; want %s", name, going, staying, c.want)
		}
	}
}

// Which of what the next revision does not have was there before it.
func TestOlderOf(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	records := []facts.Record{{Revision: 1, Created: at}, {Revision: 2, Created: at.Add(time.Minute)}, {Revision: 3}}
	for name, c := range map[string]struct {
		record int
		after  time.Duration
		want   int
	}{
		"made by its revision":           {0, time.Second, 0},
		"made in the second of the next": {0, time.Minute, 0},
		"made since":                     {0, time.Hour, 2},
		"the next one tells no time":     {1, time.Hour, 0},
		"no revision is newer":           {2, time.Hour, 0},
	} {
		o := healthy("web")
		o.Created = at.Add(c.after)
		if got := OlderOf(records, c.record, o).MadeAfter; got != c.want {
			t.Errorf("%s: made after %d, want %d", name, got, c.want)
		}
	}
}

// Nothing waits for what a claim holds, and no data go unasked.
func TestOutgrown(t *testing.T) {
	for kind, stays := range map[string]bool{"PersistentVolume": true, "Namespace": true, "CustomResourceDefinition": true, "Secret": false} {
		o := healthy("data")
		o.Kind = kind
		if why := Outgrown(o); (why != "") != stays {
			t.Errorf("%s: %q", kind, why)
		}
	}
}

// The sweep leaves the data of a revision that was deployed, whichever other one has them, too.
func TestWithoutData(t *testing.T) {
	of := func(kind, name string) facts.Object {
		o := healthy(name)
		o.Kind = kind
		return o
	}
	set, other := of("StatefulSet", "db"), of("StatefulSet", "web")
	set.TakesClaims = true
	all := []facts.Object{of(claimKind, "data"), of(volumeKind, "disk"), set, other, of("ConfigMap", "data")}
	failed, good := stored(3, facts.StatusFailed), stored(2, facts.StatusSuperseded)
	data := slices.Concat(DataOf(&failed, all), DataOf(&good, all))
	if going, kept := WithoutData(all, data); len(going) != 2 || len(kept) != 3 {
		t.Errorf("going %v, kept %q", going, kept)
	}
	if going, kept := WithoutData(all, DataOf(&failed, all)); len(going) != len(all) || len(kept) > 0 {
		t.Errorf("of one that failed go %v, and stay %q", going, kept)
	}
}

// A claim that stays may be bound to any volume.
func TestWithoutVolumes(t *testing.T) {
	claim, disk, web := healthy("data"), healthy("disk"), healthy("web")
	claim.Kind, disk.Kind = claimKind, volumeKind
	all := []facts.Object{claim, disk, web}
	if going, kept := WithoutVolumes([]facts.Object{disk, web}, all); len(going) != 1 || len(kept) != 1 {
		t.Errorf("the claim stays: going %v, kept %q", going, kept)
	}
	if going, kept := WithoutVolumes(all, all); len(going) != 3 || len(kept) > 0 {
		t.Errorf("all go: going %v, kept %q", going, kept)
	}
}

func TestWithoutStrange(t *testing.T) {
	o := healthy("web")
	made := []Older{{Object: o, MadeAfter: 3}, {Object: o}} // by the newest revision that has it
	if going, kept := WithoutStrange([]facts.Object{o}, made); len(going) > 0 || len(kept) != 1 {
		t.Errorf("going %v, kept %q", going, kept)
	}
	slices.Reverse(made)
	for maker, goes := range map[string]bool{"": true, "helm": true, "kubectl": false} {
		o.Maker = maker
		if going, kept := WithoutStrange([]facts.Object{o}, made); len(going) == 1 != goes || len(kept) == 0 != goes {
			t.Errorf("made with %q: going %v, kept %q", maker, going, kept)
		}
	}
}

// Once a release is uninstalled, what bears its marks need not be its own.
func TestPutBack(t *testing.T) {
	since := stored(1, facts.StatusUninstalled)
	for name, c := range map[string]struct {
		status facts.Status
		object facts.Object
		says   string
	}{
		"left":                    {facts.StatusUninstalled, facts.Object{Created: since.Touched.Add(-time.Minute)}, ""},
		"made since":              {facts.StatusUninstalled, facts.Object{Created: since.Touched.Add(time.Second)}, "after the release was uninstalled"},
		"made by a person before": {facts.StatusUninstalled, facts.Object{Created: since.Touched, Maker: "kubectl"}, "made with kubectl"},
		"made by Helm":            {facts.StatusUninstalled, facts.Object{Created: since.Touched, Maker: helmsClient}, ""},
		"on its way out":          {facts.StatusUninstalled, facts.Object{Created: since.Touched.Add(time.Second), Deleting: true}, ""},
		"of a deployed one":       {facts.StatusDeployed, facts.Object{Created: since.Touched.Add(time.Second)}, ""},
	} {
		r := stored(1, c.status)
		if got := PutBack(&r, c.object); (got == "") != (c.says == "") || !strings.Contains(got, c.says) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// What was put back before the next install is none of the revision that was uninstalled.
func TestOlderOfWhatWasUninstalled(t *testing.T) {
	records := []facts.Record{stored(1, facts.StatusUninstalled), stored(2, facts.StatusDeployed)}
	records[1].Created = records[0].Touched.Add(time.Hour)
	since := facts.Object{Created: records[0].Touched.Add(time.Minute)}
	if why := OlderOf(records, 0, since).whoseElse(); !strings.Contains(why, "after the release was uninstalled") {
		t.Errorf("what came between: %q", why)
	}
	if why := OlderOf(records, 0, facts.Object{Created: records[0].Touched.Add(-time.Minute)}).whoseElse(); why != "" {
		t.Errorf("what was left: %q", why)
	}
}

package verdict

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/facts"
)

func TestRemainsOfHooks(t *testing.T) {
	job := facts.Object{Ref: facts.Ref{Kind: "Job", Namespace: "review-1", Name: "migrate"}, Exists: true, Complete: true, HookOf: ownHooks}
	kind := func(name string) func(*facts.Object, *facts.Hook) {
		return func(o *facts.Object, _ *facts.Hook) { o.Kind, o.Complete = name, false }
	}
	for name, c := range map[string]struct {
		edit   func(*facts.Object, *facts.Hook)
		policy RemainPolicy
		want   Disposal
		says   string
	}{
		"a Job":                       {nil, RemainPolicy{}, DisposalStays, "delete-hooks deletes it"},
		"a Job, to be deleted":        {nil, RemainPolicy{Hooks: true}, DisposalDelete, "delete-hooks"},
		"a Job, and claims are to go": {nil, RemainPolicy{Claims: true}, DisposalStays, "delete-hooks deletes it"},
		"one whose policy was cut short": {func(_ *facts.Object, h *facts.Hook) { h.Temporary = true }, RemainPolicy{}, DisposalDelete,
			"delete policy"},
		"one that failed, with the policy for that": {func(o *facts.Object, h *facts.Hook) {
			o.Complete, o.Failed, h.TemporaryFailed = false, true, true
		}, RemainPolicy{}, DisposalDelete, "delete policy"},
		"one that failed, with the policy for success": {func(o *facts.Object, h *facts.Hook) {
			o.Complete, o.Failed, h.Temporary = false, true, true
		}, RemainPolicy{}, DisposalStays, ""},
		"one that runs, with both": {func(o *facts.Object, h *facts.Hook) {
			o.Complete, h.Temporary, h.TemporaryFailed = false, true, true
		}, RemainPolicy{}, DisposalDelete, "delete policy"},
		"a Secret whose hook succeeded, to be deleted then": {func(o *facts.Object, h *facts.Hook) {
			o.Kind, o.Complete, h.Temporary, h.Succeeded = "Secret", false, true, true
		}, RemainPolicy{}, DisposalDelete, "delete policy"},
		"the same, and it came after that": {func(o *facts.Object, h *facts.Hook) {
			o.Kind, o.Complete, h.Temporary, h.Succeeded, o.Created = "Secret", false, true, true, now
		}, RemainPolicy{Hooks: true}, DisposalUnproven, "it was made after revision 1"},
		"a claim that came back, whose hook's policy was to delete it": {func(o *facts.Object, h *facts.Hook) {
			o.Kind, o.Complete, o.Maker, h.Temporary, h.Succeeded = claimKind, false, "velero-server", true, true
		}, RemainPolicy{}, DisposalUnproven, "velero-server"},
		"a whole Deployment":                {kind("Deployment"), RemainPolicy{Hooks: true}, DisposalDelete, ""},
		"a claim, and only hooks are to go": {kind(claimKind), RemainPolicy{Hooks: true}, DisposalStays, "delete-claims deletes it"},
		"a claim":                           {kind(claimKind), RemainPolicy{Claims: true}, DisposalDelete, "delete-claims"},
		"a claim that came back": {func(o *facts.Object, _ *facts.Hook) { o.Kind, o.Complete, o.Maker = claimKind, false, "velero-server" },
			RemainPolicy{Claims: true}, DisposalUnproven, "velero-server"},
		"a definition": {kind("CustomResourceDefinition"), RemainPolicy{Hooks: true}, DisposalStays, "what others made"},
		"a namespace":  {kind("Namespace"), RemainPolicy{Hooks: true}, DisposalStays, "what others made"},
		"one to be kept": {func(o *facts.Object, _ *facts.Hook) { o.Kept = true }, RemainPolicy{Hooks: true}, DisposalStays,
			"resource policy"},
		"one that is marked": {func(o *facts.Object, _ *facts.Hook) { o.KeepWhy = "it is marked" }, RemainPolicy{Hooks: true},
			DisposalStays, "it is marked"},
		"another release's hook's": {func(o *facts.Object, h *facts.Hook) { o.HookOf, h.Temporary = "review-1/db", true },
			RemainPolicy{Hooks: true}, DisposalForeign, "release review-1/db"},
		"another release's": {func(o *facts.Object, _ *facts.Hook) { o.Owner = "review-1/db" }, RemainPolicy{Hooks: true},
			DisposalForeign, "release review-1/db"},
		"one that says nothing": {func(o *facts.Object, h *facts.Hook) { o.HookOf, o.IsHook, h.Temporary = "", true, true },
			RemainPolicy{Hooks: true}, DisposalUnproven, "nothing on it says"},
		"one that may not be read": {func(o *facts.Object, _ *facts.Hook) { *o = facts.Object{Ref: o.Ref, Error: "it may not be read"} },
			RemainPolicy{Hooks: true}, DisposalUnread, "may not be read"},
	} {
		f, o, h := given(stored(1, facts.StatusUninstalled)), job, facts.Hook{Name: "migrate", Kind: "Job"}
		if c.edit != nil {
			c.edit(&o, &h)
		}
		o.Created, h.Kind = cmp.Or(o.Created, now.Add(-time.Hour)), o.Kind
		f.Records[0].Hooks = []facts.Hook{h}
		remains := RemainsOf(f, []facts.HookObject{{Hook: h, Object: o}, {Hook: h, Object: o}}, nil, c.policy, false)
		if len(remains) != 1 || remains[0].Disposal != c.want || !strings.Contains(remains[0].Why, c.says) {
			t.Errorf("%s: %+v", name, remains)
		}
		goes := RemainsOf(f, []facts.HookObject{{Hook: h, Object: o}}, nil, c.policy, true)
		if len(goes) != 1 || goes[0].Disposal != DisposalGoesAlong && c.want != DisposalUnread {
			t.Errorf("%s, where the namespace goes: %+v", name, goes)
		}
	}
	// The revision that is younger than the object has not made it: what its policy is says nothing of that.
	f, later := given(stored(1, facts.StatusSuperseded), stored(2, facts.StatusDeployed)), facts.Hook{Name: "migrate", Kind: "Secret"}
	made := facts.HookObject{Object: job}
	made.Object.Kind, made.Object.Created = "Secret", f.Records[0].Created
	f.Records[0].Hooks = []facts.Hook{later}
	later.Temporary, later.TemporaryFailed, later.Succeeded = true, true, true
	f.Records[1].Hooks, made.Hook = []facts.Hook{later}, later
	f.Records[1].Created = made.Object.Created.Add(time.Minute)
	remains := RemainsOf(f, []facts.HookObject{made}, nil, RemainPolicy{}, false)
	if len(remains) != 1 || remains[0].Disposal != DisposalStays {
		t.Errorf("by a later policy: %+v", remains)
	}
	f, gone := given(stored(1, facts.StatusUninstalled)), facts.HookObject{Object: facts.Object{Ref: job.Ref}}
	if remains := RemainsOf(f, []facts.HookObject{gone}, nil, RemainPolicy{}, false); len(remains) != 0 {
		t.Errorf("what is gone remains: %+v", remains)
	}
}

func TestRemainsOfClaims(t *testing.T) {
	set := facts.Ref{APIVersion: "apps/v1", Kind: "StatefulSet", Namespace: "review-1", Name: "db"}
	for name, c := range map[string]struct {
		edit   func(*facts.Claim)
		facts  func(*facts.Facts)
		policy RemainPolicy
		want   Disposal
		says   string
	}{
		"a claim":             {want: DisposalStays, says: "it holds data of StatefulSet/db; delete-claims deletes it"},
		"to be deleted":       {policy: RemainPolicy{Claims: true}, want: DisposalDelete, says: "delete-claims"},
		"and hooks are to go": {policy: RemainPolicy{Hooks: true}, want: DisposalStays},
		"that goes with its set": {edit: func(c *facts.Claim) { c.Going = true }, want: DisposalDelete,
			says: "retention policy of StatefulSet/db"},
		"that goes already": {edit: func(c *facts.Claim) { c.Deleting = true }, want: DisposalDelete},
		"without the labels of its set": {edit: func(c *facts.Claim) { c.Labelled, c.Going = false, true },
			policy: RemainPolicy{Claims: true}, want: DisposalUnproven},
		"whose set nobody is known to have made": {edit: func(c *facts.Claim) { c.Doubtful, c.Going = true, true },
			policy: RemainPolicy{Claims: true}, want: DisposalUnproven, says: "is known to have made"},
		"older than the release": {edit: func(c *facts.Claim) { c.Created = now.AddDate(-1, 0, 0) }, policy: RemainPolicy{Claims: true},
			want: DisposalUnproven, says: "older"},
		"of a release whose first records are gone": {facts: func(f *facts.Facts) {
			f.Records[0].Revision, f.Records[0].FirstDeployed = 12, now.AddDate(0, -1, 0)
		}, policy: RemainPolicy{Claims: true}, want: DisposalDelete},
		"older than such a one": {edit: func(c *facts.Claim) { c.Created = now.AddDate(0, -2, 0) }, facts: func(f *facts.Facts) {
			f.Records[0].Revision, f.Records[0].FirstDeployed = 12, now.AddDate(0, -1, 0)
		}, policy: RemainPolicy{Claims: true}, want: DisposalUnproven},
		"where nothing says when it began": {facts: func(f *facts.Facts) { f.Records[0].Revision = 12 }, policy: RemainPolicy{Claims: true},
			want: DisposalUnproven},
		"whose name a set gives that is there": {edit: func(c *facts.Claim) { c.Holder = facts.Ref{Kind: "StatefulSet", Name: "my-db"} },
			policy: RemainPolicy{Claims: true}, want: DisposalStays, says: "which is there, gives that name"},
		"that another object owns": {edit: func(c *facts.Claim) { c.By, c.Going = "Backup/nightly", true }, policy: RemainPolicy{Claims: true},
			want: DisposalForeign, says: "Backup/nightly"},
		"that another release owns": {edit: func(c *facts.Claim) { c.Owner = "review-1/db" }, policy: RemainPolicy{Claims: true},
			want: DisposalForeign, says: "review-1/db"},
		"to be kept": {edit: func(c *facts.Claim) { c.Kept, c.Going = true, true }, policy: RemainPolicy{Claims: true}, want: DisposalStays,
			says: "resource policy"},
		"that is marked": {edit: func(c *facts.Claim) { c.KeepWhy = "it is marked" }, policy: RemainPolicy{Claims: true}, want: DisposalStays},
	} {
		f := given(stored(1, facts.StatusUninstalled))
		f.Records[0].Touched = now
		claim := facts.Claim{Set: set, Labelled: true, Object: facts.Object{Exists: true, Created: now.Add(-time.Minute),
			Ref: facts.Ref{APIVersion: "v1", Kind: claimKind, Namespace: "review-1", Name: "data-db-0"}}}
		if c.edit != nil {
			c.edit(&claim)
		}
		if c.facts != nil {
			c.facts(f)
		}
		remains := RemainsOf(f, nil, []facts.Claim{claim}, c.policy, false)
		if len(remains) != 1 || remains[0].Disposal != c.want || !strings.Contains(remains[0].Why, c.says) {
			t.Errorf("%s: %+v", name, remains)
		}
		if remains = RemainsOf(f, nil, []facts.Claim{claim}, c.policy, true); remains[0].Disposal != DisposalGoesAlong {
			t.Errorf("%s, where the namespace goes: %+v", name, remains)
		}
	}
}

// A chart may have a StatefulSet in a hook that is never run, and a revision may fail before it makes any.
func TestClaimants(t *testing.T) {
	one := func(revision int, status facts.Status, hooks ...facts.Hook) facts.Record {
		r := stored(revision, status)
		r.Manifest, r.Hooks = fmt.Sprint("set", revision), hooks
		return r
	}
	ran, idle := facts.Hook{Manifest: "ran", Succeeded: true}, facts.Hook{Manifest: "idle"}
	f := given(one(1, facts.StatusSuperseded), one(2, facts.StatusDeployed, ran, idle), one(3, facts.StatusFailed),
		one(4, facts.StatusPendingUpgrade))
	made, perhaps := Claimants(f)
	if !slices.Equal(made, []string{"set2", "ran", "set1"}) || !slices.Equal(perhaps, []string{"set4", "set3", "idle"}) {
		t.Errorf("made %q, perhaps %q", made, perhaps)
	}
	noted := one(2, facts.StatusUninstalled)
	noted.Deployed = true
	for name, c := range map[string]struct {
		records []facts.Record
		made    []string
	}{
		"alone, it is being uninstalled":     {[]facts.Record{one(1, facts.StatusUninstalling)}, nil},
		"the other is superseded by the end": {[]facts.Record{one(1, facts.StatusSuperseded), one(2, facts.StatusUninstalled)}, nil},
		"it is noted that it was deployed":   {[]facts.Record{one(1, facts.StatusSuperseded), noted}, []string{"set2"}},
		"it had failed":                      {[]facts.Record{one(1, facts.StatusDeployed), one(2, facts.StatusUninstalling)}, nil},
	} {
		if made, _ := Claimants(given(c.records...)); !slices.Equal(made, c.made) {
			t.Errorf("%s: made %q", name, made)
		}
	}
}

func TestStillThere(t *testing.T) {
	one := func(name string, d Disposal) Remain {
		return Remain{Object: facts.Object{Ref: facts.Ref{Name: name}}, Disposal: d, Why: "so"}
	}
	left := StillThere([]Remain{one("a", DisposalDelete), one("b", DisposalDelete), one("c", DisposalDelete)},
		[]Remain{one("b", DisposalDelete), one("c", DisposalForeign), one("d", DisposalStays)})
	if len(left) != 2 || left[0].Disposal != DisposalStays || !strings.Contains(left[0].Why, "since so") ||
		left[1].Disposal != DisposalForeign {
		t.Errorf("left are %+v", left)
	}
}

// A hook may have made the StatefulSet.
func TestRemainsOfAHooksClaims(t *testing.T) {
	set := facts.Ref{APIVersion: "apps/v1", Kind: "StatefulSet", Namespace: "review-1", Name: "db"}
	hook := facts.HookObject{Hook: facts.Hook{Name: "db", Kind: "StatefulSet"}, Object: facts.Object{Ref: set, Exists: true, HookOf: ownHooks}}
	claim := facts.Claim{Set: set, Holder: set, Labelled: true, Object: facts.Object{Exists: true, Created: now,
		Ref: facts.Ref{APIVersion: "v1", Kind: claimKind, Namespace: "review-1", Name: "data-db-0"}}}
	for policy, want := range map[RemainPolicy]int{{}: 0, {Claims: true}: 0, {Hooks: true}: 1, {Hooks: true, Claims: true}: 2} {
		f := given(stored(1, facts.StatusUninstalled))
		f.Records[0].Touched = now
		remains := RemainsOf(f, []facts.HookObject{hook}, []facts.Claim{claim}, policy, false)
		if got := RemainsWith(remains, DisposalDelete); len(got) != want {
			t.Errorf("with %+v goes %+v", policy, got)
		}
	}
}

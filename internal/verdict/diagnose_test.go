package verdict

import (
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/facts"
)

const half = 30 * time.Minute

// usual is the policy without any input given.
var usual = Policy{OnStuck: OnStuckAuto, AssumeDeadAfter: half, Grace: time.Minute}

// silentFor is usual with another assume-dead-after.
func silentFor(d time.Duration) Policy {
	p := usual
	p.AssumeDeadAfter = d
	return p
}

func TestDiagnose(t *testing.T) {
	pending := stored(1, facts.StatusPendingInstall)
	for name, c := range map[string]struct {
		facts *facts.Facts
		want  State
	}{
		"nothing stored":                   {given(), StateAbsent},
		"deployed":                         {given(stored(1, facts.StatusDeployed)), StateDeployed},
		"upgraded":                         {given(stored(1, facts.StatusSuperseded), stored(2, facts.StatusDeployed)), StateDeployed},
		"H1 two deployed":                  {given(stored(1, facts.StatusDeployed), stored(2, facts.StatusDeployed)), StateTwoDeployed},
		"D2 first install failed":          {given(stored(1, facts.StatusFailed)), StateFailed},
		"D4 uninstalling, by Berth, ended": {given(byBerth(stored(1, facts.StatusUninstalling))), StateUninstalling},
		"D4 uninstalling, by Berth, killed": {with(given(byBerth(stored(1, facts.StatusUninstalling))), expired(2*time.Minute)),
			StateUninstalling},
		"uninstalling, killed just now": {with(given(byBerth(stored(1, facts.StatusUninstalling))), expired(time.Second)),
			StateLivenessUnknown},
		"uninstalling, by Helm, silent": {inPlace(given(stored(1, facts.StatusUninstalling))), StateUninstalling},
		"uninstalling, by Helm, a moment ago": {with(inPlace(given(ours(stored(1, facts.StatusUninstalling), other))), func(f *facts.Facts) {
			f.Records[0].Touched, f.Records[0].Managers = now, []string{"helm", "berth"}
		}), StateLivenessUnknown},
		"D5 uninstalled, history kept": {given(stored(1, facts.StatusUninstalled)), StateUninstalled},
		"B3 none deployed":             {given(stored(1, facts.StatusSuperseded)), StateNoneDeployed},
		"D4 status unknown":            {inPlace(given(stored(1, facts.StatusUnknown))), StateAbandoned},
		"H3 payload failed, label deployed": {with(given(stored(1, facts.StatusFailed)),
			func(f *facts.Facts) { f.Records[0].LabelStatus = facts.StatusDeployed }), StateDisagreeing},
		"a status nobody knows": {given(stored(1, "resting")), StateUnreadable},
		"G2 corrupt payload":    {with(given(pending), corrupt), StateUnreadable},
		"G2 corrupt, and just written": {with(given(pending), func(f *facts.Facts) { corrupt(f); f.Records[0].Touched = now }),
			StateLivenessUnknown},
		"H3 payload deployed, label pending": {with(given(stored(1, facts.StatusDeployed)),
			func(f *facts.Facts) { f.Records[0].LabelStatus = facts.StatusPendingInstall }), StateDisagreeing},
		"H2 label deployed, payload pending": {with(ended(inPlace(given(ours(pending, other))), other, 1, true),
			func(f *facts.Facts) { f.Records[0].LabelStatus = facts.StatusDeployed }), StateRecordingFailed},
		"E1 namespace Terminating": {with(given(pending), func(f *facts.Facts) { f.Namespace.Phase = facts.NamespaceTerminating }),
			StateTerminating},
		"E4 namespace of another branch": {with(given(), func(f *facts.Facts) { f.Namespace.Identity = "theirs" }), StateForeign},
		"E4 record of another branch": {with(given(stored(1, facts.StatusDeployed)),
			func(f *facts.Facts) { f.Records[0].Identity = "theirs" }), StateForeign},
		"I1 somebody holds the lock": {with(given(ours(pending, other)),
			func(f *facts.Facts) { f.Lock.State, f.Lock.Run = facts.LockHeld, other }), StateLive},
		"A1 ours, ended, all in place": {ended(inPlace(given(ours(pending, other))), other, 1, true), StateRecordingFailed},
		"A2 upgrade, all in place": {ended(inPlace(given(stored(1, facts.StatusDeployed),
			ours(stored(2, facts.StatusPendingUpgrade), other))), other, 2, true), StateRecordingFailed},
		"B1 ours, ended, objects missing": {with(ended(inPlace(given(ours(pending, other))), other, 1, true),
			func(f *facts.Facts) { f.Objects[1].Exists = false }), StateAbandoned},
		"B1 foreign, long silent": {with(inPlace(given(pending)), func(f *facts.Facts) { f.Objects[0].Ready = false }),
			StateAbandoned},
		"T47 foreign, ten seconds old": {with(inPlace(given(pending)), func(f *facts.Facts) {
			f.Records[0].Created, f.Records[0].Touched = now.Add(-10*time.Second), now.Add(-10*time.Second)
		}), StateLivenessUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Diagnose(c.facts, usual); got.State != c.want {
				t.Errorf("state %q (%s), want %q", got.State, got.Cause, c.want)
			}
		})
	}
}

func TestLifeOf(t *testing.T) {
	pending := stored(1, facts.StatusPendingInstall)
	late := func(d time.Duration) func(*facts.Facts) {
		return func(f *facts.Facts) { f.Records[0].Stamp.Deadline = now.Add(-d) }
	}
	for name, c := range map[string]struct {
		facts *facts.Facts
		after time.Duration
		want  Liveness
	}{
		"lock held by another": {with(given(ours(pending, other)),
			func(f *facts.Facts) { f.Lock.State, f.Lock.Run = facts.LockHeld, other }), half, Live},
		"held, whatever the deadline says": {with(given(pending), func(f *facts.Facts) { f.Lock.State, f.Lock.Run = facts.LockHeld, other }),
			half, Live},
		"E1b the attempt ended":                {ended(given(ours(pending, other)), other, 1, false), half, Dead},
		"E1b another revision's attempt ended": {ended(given(ours(pending, other)), other, 7, false), half, Unknown},
		"E1b another run's attempt ended":      {ended(given(ours(pending, other)), "run-0", 1, false), half, Unknown},
		"this run's own":                       {given(ours(pending, myRun)), half, Dead},
		"deadline passed half a minute ago":    {given(ours(pending, other)), half, Unknown},
		"deadline passed two minutes ago":      {with(given(ours(pending, other)), late(2*time.Minute)), half, Dead},
		"no deadline on it": {with(given(ours(pending, other)),
			func(f *facts.Facts) { f.Records[0].Stamp.Deadline = time.Time{} }), half, Unknown},
		"a deadline in a hundred years, on a record of an hour ago": {with(given(ours(pending, other)), late(-100*365*24*time.Hour)), half,
			Unknown},
		"a deadline in a hundred years, on a record of last week": {with(with(given(ours(pending, other)), late(-100*365*24*time.Hour)),
			func(f *facts.Facts) { f.Records[0].Created = now.Add(-7 * 24 * time.Hour) }), half, Dead},
		"a stopped renewing, seconds ago": {with(given(ours(pending, other)), expired(5*time.Second)), half, Unknown},
		"T75 and a repair after it did, too": {with(given(ours(pending, other)), func(f *facts.Facts) {
			f.Lock = facts.Lock{State: facts.LockExpired, Run: "run-9",
				Expired: []facts.Expiry{{Run: "run-9", At: now}, {Run: other, At: now.Add(-2 * time.Minute)}}}
		}), half, Dead},
		"T48 stopped renewing, long ago": {with(given(ours(pending, other)), expired(2*time.Minute)), half, Dead},
		"T47b a stamp of another revision is none": {with(inPlace(given(ours(pending, other))),
			func(f *facts.Facts) { f.Records[0].Stamp.Revision = 9; f.Records[0].Touched = now }), half, Unknown},
		"T48b foreign, silent":        {inPlace(given(pending)), half, Dead},
		"foreign, never assumed dead": {inPlace(given(pending)), 0, Unknown},
		"foreign, objects not read":   {given(pending), half, Unknown},
		"the CI says it has ended": {with(given(ours(pending, other)), func(f *facts.Facts) { f.CI = facts.RunEnded }), half,
			Dead},
		"the CI says it runs": {with(given(ours(pending, other)), func(f *facts.Facts) { f.CI = facts.RunRunning }), half,
			Live},
		"it runs, but its lock ran out long ago": {with(with(given(ours(pending, other)), expired(2*time.Minute)),
			func(f *facts.Facts) { f.CI = facts.RunRunning }), half, Dead},
		"no answer": {with(given(ours(pending, other)), func(f *facts.Facts) { f.CI = facts.RunUnknown }), half,
			Unknown},
		"foreign, an object was just written to": {with(inPlace(given(pending)), func(f *facts.Facts) { f.Objects[1].Touched = now }), half,
			Unknown},
		"foreign, a hook is still running": {with(inPlace(given(pending)), func(f *facts.Facts) {
			f.HookJobs = []facts.Object{{Ref: facts.Ref{Kind: "Job", Name: "seed"}, Exists: true}}
		}), half, Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			if got, why := JudgeLiveness(c.facts, silentFor(c.after)); got != c.want {
				t.Errorf("%s (%s), want %s", got, why, c.want)
			}
		})
	}
}

func expired(ago time.Duration) func(*facts.Facts) {
	return func(f *facts.Facts) {
		f.Lock = facts.Lock{State: facts.LockExpired, Run: other, Expired: []facts.Expiry{{Run: other, At: now.Add(-ago)}}}
	}
}

func corrupt(f *facts.Facts) { f.Records[len(f.Records)-1].DecodeError = "not gzip" }

// byBerth is a record that Berth wrote last.
func byBerth(r facts.Record) facts.Record {
	r.Managers = []string{facts.FieldManager, "helm"}
	return r
}

func TestDeadFrom(t *testing.T) {
	pending := ours(stored(1, facts.StatusPendingInstall), other)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	for name, c := range map[string]struct {
		facts *facts.Facts
		want  time.Time
	}{
		"no record":                {given(), time.Time{}},
		"by its deadline":          {given(pending), ago(30 * time.Second).Add(time.Minute)},
		"by its lock, which ended": {with(given(pending), expired(40*time.Second)), ago(40 * time.Second).Add(time.Minute)},
		"an uninstall's lock": {with(given(byBerth(stored(1, facts.StatusUninstalling))), expired(5*time.Second)),
			ago(5 * time.Second).Add(time.Minute)},
		"by silence": {given(stored(1, facts.StatusPendingInstall)), ago(time.Hour).Add(half)},
	} {
		t.Run(name, func(t *testing.T) {
			if got := PresumedDeadAt(c.facts, usual); !got.Equal(c.want) {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
	if got := PresumedDeadAt(given(stored(1, facts.StatusPendingInstall)), silentFor(0)); !got.IsZero() {
		t.Errorf("never assumed dead, yet dead from %s", got)
	}
}

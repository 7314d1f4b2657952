package verdict

import (
	"testing"
	"time"
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
	pending := stored(1, StatusPendingInstall)
	for name, c := range map[string]struct {
		facts *Facts
		want  State
	}{
		"nothing stored":                    {facts(), StateAbsent},
		"deployed":                          {facts(stored(1, StatusDeployed)), StateDeployed},
		"upgraded":                          {facts(stored(1, StatusSuperseded), stored(2, StatusDeployed)), StateDeployed},
		"H1 two deployed":                   {facts(stored(1, StatusDeployed), stored(2, StatusDeployed)), StateTwoDeployed},
		"D2 first install failed":           {facts(stored(1, StatusFailed)), StateFailed},
		"D4 uninstalling, by Berth, ended":  {facts(byBerth(stored(1, StatusUninstalling))), StateUninstalling},
		"D4 uninstalling, by Berth, killed": {with(facts(byBerth(stored(1, StatusUninstalling))), expired(2*time.Minute)), StateUninstalling},
		"uninstalling, killed just now":     {with(facts(byBerth(stored(1, StatusUninstalling))), expired(time.Second)), StateUnknownHolder},
		"uninstalling, by Helm, silent":     {inPlace(facts(stored(1, StatusUninstalling))), StateUninstalling},
		"uninstalling, by Helm, a moment ago": {with(inPlace(facts(ours(stored(1, StatusUninstalling), other))), func(f *Facts) {
			f.Records[0].Touched, f.Records[0].Managers = now, []string{"helm", "berth"}
		}), StateUnknownHolder},
		"D5 uninstalled, history kept":       {facts(stored(1, StatusUninstalled)), StateUninstalled},
		"B3 none deployed":                   {facts(stored(1, StatusSuperseded)), StateNoneDeployed},
		"D4 status unknown":                  {inPlace(facts(stored(1, StatusUnknown))), StateAbandoned},
		"H3 payload failed, label deployed":  {with(facts(stored(1, StatusFailed)), func(f *Facts) { f.Records[0].Label = StatusDeployed }), StateDisagreeing},
		"a status nobody knows":              {facts(stored(1, "resting")), StateUnreadable},
		"G2 corrupt payload":                 {with(facts(pending), corrupt), StateUnreadable},
		"G2 corrupt, and just written":       {with(facts(pending), func(f *Facts) { corrupt(f); f.Records[0].Touched = now }), StateUnknownHolder},
		"H3 payload deployed, label pending": {with(facts(stored(1, StatusDeployed)), func(f *Facts) { f.Records[0].Label = StatusPendingInstall }), StateDisagreeing},
		"H2 label deployed, payload pending": {with(ended(inPlace(facts(ours(pending, other))), other, 1, true), func(f *Facts) { f.Records[0].Label = StatusDeployed }), StateRecordingFailed},
		"E1 namespace Terminating":           {with(facts(pending), func(f *Facts) { f.Namespace.Phase = NamespaceTerminating }), StateTerminating},
		"E4 namespace of another branch":     {with(facts(), func(f *Facts) { f.Namespace.Identity = "theirs" }), StateForeign},
		"E4 record of another branch":        {with(facts(stored(1, StatusDeployed)), func(f *Facts) { f.Records[0].Identity = "theirs" }), StateForeign},
		"I1 somebody holds the lock":         {with(facts(ours(pending, other)), func(f *Facts) { f.Lock.State, f.Lock.Run = LockHeld, other }), StateLive},
		"A1 ours, ended, all in place":       {ended(inPlace(facts(ours(pending, other))), other, 1, true), StateRecordingFailed},
		"A2 upgrade, all in place":           {ended(inPlace(facts(stored(1, StatusDeployed), ours(stored(2, StatusPendingUpgrade), other))), other, 2, true), StateRecordingFailed},
		"B1 ours, ended, objects missing":    {with(ended(inPlace(facts(ours(pending, other))), other, 1, true), func(f *Facts) { f.Objects[1].Exists = false }), StateAbandoned},
		"B1 foreign, long silent":            {with(inPlace(facts(pending)), func(f *Facts) { f.Objects[0].Ready = false }), StateAbandoned},
		"T47 foreign, ten seconds old": {with(inPlace(facts(pending)), func(f *Facts) {
			f.Records[0].Created, f.Records[0].Touched = now.Add(-10*time.Second), now.Add(-10*time.Second)
		}), StateUnknownHolder},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Diagnose(c.facts, usual); got.State != c.want {
				t.Errorf("state %q (%s), want %q", got.State, got.Cause, c.want)
			}
		})
	}
}

func TestLifeOf(t *testing.T) {
	pending := stored(1, StatusPendingInstall)
	late := func(d time.Duration) func(*Facts) {
		return func(f *Facts) { f.Records[0].Stamp.Deadline = now.Add(-d) }
	}
	for name, c := range map[string]struct {
		facts *Facts
		after time.Duration
		want  Life
	}{
		"E1 lock held by another":              {with(facts(ours(pending, other)), func(f *Facts) { f.Lock.State, f.Lock.Run = LockHeld, other }), half, Live},
		"E1 held, whatever the deadline says":  {with(facts(pending), func(f *Facts) { f.Lock.State, f.Lock.Run = LockHeld, other }), half, Live},
		"E1b the attempt ended":                {ended(facts(ours(pending, other)), other, 1, false), half, Dead},
		"E1b another revision's attempt ended": {ended(facts(ours(pending, other)), other, 7, false), half, Unknown},
		"E1b another run's attempt ended":      {ended(facts(ours(pending, other)), "run-0", 1, false), half, Unknown},
		"E3 this run's own":                    {facts(ours(pending, myRun)), half, Dead},
		"E4 deadline passed half a minute ago": {facts(ours(pending, other)), half, Unknown},
		"E4 deadline passed two minutes ago":   {with(facts(ours(pending, other)), late(2*time.Minute)), half, Dead},
		"E4 no deadline on it":                 {with(facts(ours(pending, other)), func(f *Facts) { f.Records[0].Stamp.Deadline = time.Time{} }), half, Unknown},
		"a stopped renewing, seconds ago":      {with(facts(ours(pending, other)), expired(5*time.Second)), half, Unknown},
		"T75 and a repair after it did, too": {with(facts(ours(pending, other)), func(f *Facts) {
			f.Lock = Lock{State: LockExpired, Run: "run-9", Expired: []Expiry{{"run-9", now}, {other, now.Add(-2 * time.Minute)}}}
		}), half, Dead},
		"T48 stopped renewing, long ago":            {with(facts(ours(pending, other)), expired(2*time.Minute)), half, Dead},
		"T47b a stamp of another revision is none":  {with(inPlace(facts(ours(pending, other))), func(f *Facts) { f.Records[0].Stamp.Revision = 9; f.Records[0].Touched = now }), half, Unknown},
		"T48b foreign, silent":                      {inPlace(facts(pending)), half, Dead},
		"foreign, never assumed dead":               {inPlace(facts(pending)), 0, Unknown},
		"foreign, objects not read":                 {facts(pending), half, Unknown},
		"E2 the CI says it has ended":               {with(facts(ours(pending, other)), func(f *Facts) { f.CI = RunEnded }), half, Dead},
		"E2 the CI says it runs":                    {with(facts(ours(pending, other)), func(f *Facts) { f.CI = RunRunning }), half, Live},
		"E2 it runs, but its lock ran out long ago": {with(with(facts(ours(pending, other)), expired(2*time.Minute)), func(f *Facts) { f.CI = RunRunning }), half, Dead},
		"E2 no answer":                              {with(facts(ours(pending, other)), func(f *Facts) { f.CI = RunUnknown }), half, Unknown},
		"E5 foreign, an object was just written to": {with(inPlace(facts(pending)), func(f *Facts) { f.Objects[1].Touched = now }), half, Unknown},
		"E6 foreign, a hook is still running": {with(inPlace(facts(pending)), func(f *Facts) {
			f.HookJobs = []Object{{Ref: Ref{Kind: "Job", Name: "seed"}, Exists: true}}
		}), half, Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			if got, why := LifeOf(c.facts, silentFor(c.after)); got != c.want {
				t.Errorf("%s (%s), want %s", got, why, c.want)
			}
		})
	}
}

func expired(ago time.Duration) func(*Facts) {
	return func(f *Facts) {
		f.Lock = Lock{State: LockExpired, Run: other, Expired: []Expiry{{Run: other, At: now.Add(-ago)}}}
	}
}

func corrupt(f *Facts) { f.Records[len(f.Records)-1].DecodeError = "not gzip" }

// byBerth is a record that Berth wrote last.
func byBerth(r Record) Record {
	r.Managers = []string{Manager, "helm"}
	return r
}

func TestDeadFrom(t *testing.T) {
	pending := ours(stored(1, StatusPendingInstall), other)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	for name, c := range map[string]struct {
		facts *Facts
		want  time.Time
	}{
		"no record":                {facts(), time.Time{}},
		"by its deadline":          {facts(pending), ago(30 * time.Second).Add(time.Minute)},
		"by its lock, which ended": {with(facts(pending), expired(40*time.Second)), ago(40 * time.Second).Add(time.Minute)},
		"an uninstall's lock":      {with(facts(byBerth(stored(1, StatusUninstalling))), expired(5*time.Second)), ago(5 * time.Second).Add(time.Minute)},
		"by silence":               {facts(stored(1, StatusPendingInstall)), ago(time.Hour).Add(half)},
	} {
		t.Run(name, func(t *testing.T) {
			if got := DeadFrom(c.facts, usual); !got.Equal(c.want) {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
	if got := DeadFrom(facts(stored(1, StatusPendingInstall)), silentFor(0)); !got.IsZero() {
		t.Errorf("never assumed dead, yet dead from %s", got)
	}
}

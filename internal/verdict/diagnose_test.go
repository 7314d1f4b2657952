package verdict

import (
	"testing"
	"time"
)

const half = 30 * time.Minute

func TestDiagnose(t *testing.T) {
	pending := stored(1, StatusPendingInstall)
	for name, c := range map[string]struct {
		facts *Facts
		want  State
	}{
		"nothing stored":                     {facts(), StateAbsent},
		"deployed":                           {facts(stored(1, StatusDeployed)), StateDeployed},
		"upgraded":                           {facts(stored(1, StatusSuperseded), stored(2, StatusDeployed)), StateDeployed},
		"H1 two deployed":                    {facts(stored(1, StatusDeployed), stored(2, StatusDeployed)), StateTwoDeployed},
		"D2 first install failed":            {facts(stored(1, StatusFailed)), StateFailed},
		"D4 uninstalling":                    {facts(stored(1, StatusUninstalling)), StateUninstalling},
		"D5 uninstalled, history kept":       {facts(stored(1, StatusUninstalled)), StateUninstalled},
		"B3 none deployed":                   {facts(stored(1, StatusSuperseded)), StateNoneDeployed},
		"D4 status unknown":                  {facts(stored(1, StatusUnknown)), StateUnreadable},
		"a status nobody knows":              {facts(stored(1, "resting")), StateUnreadable},
		"G2 corrupt payload":                 {with(facts(pending), func(f *Facts) { f.Records[0].DecodeError = "not gzip" }), StateUnreadable},
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
			if got := Diagnose(c.facts, half); got.State != c.want {
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
		"E1 lock held by another":                   {with(facts(ours(pending, other)), func(f *Facts) { f.Lock.State, f.Lock.Run = LockHeld, other }), half, Live},
		"E1 held, whatever the deadline says":       {with(facts(pending), func(f *Facts) { f.Lock.State, f.Lock.Run = LockHeld, other }), half, Live},
		"E1b the attempt ended":                     {ended(facts(ours(pending, other)), other, 1, false), half, Dead},
		"E1b another revision's attempt ended":      {ended(facts(ours(pending, other)), other, 7, false), half, Unknown},
		"E1b another run's attempt ended":           {ended(facts(ours(pending, other)), "run-0", 1, false), half, Unknown},
		"E3 this run's own":                         {facts(ours(pending, myRun)), half, Dead},
		"E4 deadline passed half a minute ago":      {facts(ours(pending, other)), half, Unknown},
		"E4 deadline passed two minutes ago":        {with(facts(ours(pending, other)), late(2*time.Minute)), half, Dead},
		"E4 no deadline on it":                      {with(facts(ours(pending, other)), func(f *Facts) { f.Records[0].Stamp.Deadline = time.Time{} }), half, Unknown},
		"a stopped renewing, seconds ago":           {with(facts(ours(pending, other)), expired(5*time.Second)), half, Unknown},
		"T48 stopped renewing, long ago":            {with(facts(ours(pending, other)), expired(2*time.Minute)), half, Dead},
		"T47b a stamp of another revision is none":  {with(inPlace(facts(ours(pending, other))), func(f *Facts) { f.Records[0].Stamp.Revision = 9; f.Records[0].Touched = now }), half, Unknown},
		"T48b foreign, silent":                      {inPlace(facts(pending)), half, Dead},
		"foreign, never assumed dead":               {inPlace(facts(pending)), 0, Unknown},
		"foreign, objects not read":                 {facts(pending), half, Unknown},
		"E5 foreign, an object was just written to": {with(inPlace(facts(pending)), func(f *Facts) { f.Objects[1].Touched = now }), half, Unknown},
		"E6 foreign, a hook is still running": {with(inPlace(facts(pending)), func(f *Facts) {
			f.HookJobs = []Object{{Ref: Ref{Kind: "Job", Name: "seed"}, Exists: true}}
		}), half, Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			if got, why := LifeOf(c.facts, c.after); got != c.want {
				t.Errorf("%s (%s), want %s", got, why, c.want)
			}
		})
	}
}

func expired(ago time.Duration) func(*Facts) {
	return func(f *Facts) {
		f.Lock = Lock{State: LockExpired, Run: other, ExpiredRun: other, Expired: now.Add(-ago)}
	}
}

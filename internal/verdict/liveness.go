package verdict

import (
	"fmt"
	"time"

	"github.com/berth-dev/berth/internal/facts"
)

// Liveness says whether the operation that left a record unfinished is still
// running. Nothing is written to such a record before that is known.
type Liveness string

// The answers. Unknown never counts as dead.
const (
	Live    Liveness = "live"
	Dead    Liveness = "dead"
	Unknown Liveness = "unknown"
)

// JudgeLiveness returns whether the operation that left the last record is still
// running, and the evidence, as the end of a sentence. docs/stuck.md lists what
// counts as evidence.
func JudgeLiveness(f *facts.Facts, p Policy) (Liveness, string) {
	last := f.Last()
	switch {
	case last == nil:
		return Dead, "there is no record"
	case f.Lock.State == facts.LockHeld && f.Lock.Run != f.Run:
		return Live, fmt.Sprintf("the lock is held and renewed by %s", f.Lock.Holder)
	case last.EffectiveStatus() == facts.StatusUninstalling:
		return judgeUninstall(f, last, p)
	case !last.Stamp.Zero() && last.Stamp.Revision == last.Revision:
		return judgeByStamp(f, last, p)
	}
	return judgeBySilence(f, last, p)
}

// judgeByStamp judges an operation of Berth's own, whose record carries a stamp.
// Its fence lets no request pass after its Lease or its deadline has ended.
func judgeByStamp(f *facts.Facts, last *facts.Record, p Policy) (Liveness, string) {
	if last.Stamp.Run == f.Run {
		return Dead, "it is this run's own, and it has ended"
	}
	if a := f.Lock.Attempt; a.Run == last.Stamp.Run && a.Revision == last.Revision {
		return Dead, "the run that began it said on the lock that it ended: " + a.Outcome
	}
	if at, ok := f.Lock.ExpiredAt(last.Stamp.Run); ok && f.Now.Sub(at) > p.Grace {
		return Dead, "the run that began it stopped renewing its lock at " + timestamp(at)
	}
	if d := deadline(last); !d.IsZero() && f.Now.Sub(d) > p.Grace {
		return Dead, "its deadline passed at " + timestamp(d)
	}
	switch f.CI {
	case facts.RunEnded:
		return Dead, "the CI says that the run which began it has ended"
	case facts.RunRunning:
		return Live,
			fmt.Sprintf("the CI says that the run which began it is still running; whatever it says, it counts as dead from %s on",
				timestamp(PresumedDeadAt(f, p)))
	case facts.RunUnknown, "":
	}
	return Unknown,
		fmt.Sprintf("the run that began it has not said that it ended; it counts as dead from %s on", timestamp(PresumedDeadAt(f, p)))
}

// judgeUninstall judges an uninstall. The record's stamp is of the run that created
// the record, so it says nothing about the uninstall; the record's last field
// manager shows whether Berth began it.
func judgeUninstall(f *facts.Facts, last *facts.Record, p Policy) (Liveness, string) {
	if len(last.Managers) == 0 || last.Managers[0] != facts.FieldManager {
		return judgeBySilence(f, last, p)
	}
	switch f.Lock.State {
	case facts.LockEnded:
		return Dead, "the run that began it let the lock go"
	case facts.LockExpired:
		if at, _ := f.Lock.ExpiredAt(f.Lock.Run); f.Now.Sub(at) > p.Grace {
			return Dead, "the run that began it stopped renewing its lock at " + timestamp(at)
		}
		return Unknown,
			fmt.Sprintf("the run that began it has not said that it ended; it counts as dead from %s on", timestamp(PresumedDeadAt(f, p)))
	case facts.LockHeld, facts.LockAbsent, facts.LockUnusable:
	}
	return judgeBySilence(f, last, p)
}

// PresumedDeadAt returns from when on the operation that left the last record
// counts as dead, if it shows no further sign of life; zero if it never does.
func PresumedDeadAt(f *facts.Facts, p Policy) time.Time {
	last := f.Last()
	switch {
	case last == nil:
		return time.Time{}
	case last.EffectiveStatus() == facts.StatusUninstalling && f.Lock.State == facts.LockExpired && len(last.Managers) > 0 &&
		last.Managers[0] == facts.FieldManager:
		at, _ := f.Lock.ExpiredAt(f.Lock.Run)
		return at.Add(p.Grace)
	case last.EffectiveStatus() != facts.StatusUninstalling && !last.Stamp.Zero() && last.Stamp.Revision == last.Revision:
		return stampPresumedDeadAt(f, last, p)
	case p.AssumeDeadAfter <= 0:
		return time.Time{}
	}
	return lastActivity(f, last).Add(p.AssumeDeadAfter)
}

// stampPresumedDeadAt returns the end of the operation's Lease or of its deadline,
// whichever comes first, and the grace period after it.
func stampPresumedDeadAt(f *facts.Facts, last *facts.Record, p Policy) time.Time {
	from := deadline(last)
	if at, ok := f.Lock.ExpiredAt(last.Stamp.Run); ok && (from.IsZero() || at.Before(from)) {
		from = at
	}
	if from.IsZero() {
		return from
	}
	return from.Add(p.Grace)
}

// longestOperation is the longest timeout that a run may have (internal/input).
const longestOperation = 24 * time.Hour

// deadline returns by when the operation that wrote a record had to be over, as far as
// its stamp is believed: no run stamps a later moment than its timeout away.
func deadline(last *facts.Record) time.Time {
	d := last.Stamp.Deadline
	if latest := last.Created.Add(longestOperation); !d.IsZero() && !last.Created.IsZero() && d.After(latest) {
		return latest
	}
	return d
}

// judgeBySilence judges an operation of somebody else's, such as the Helm CLI's: it
// is dead once neither its record nor its objects were written for as long as
// assume-dead-after says, and no hook of it is running.
func judgeBySilence(f *facts.Facts, last *facts.Record, p Policy) (Liveness, string) {
	const whose = "it was not made by Berth, and "
	after := p.AssumeDeadAfter
	if after <= 0 {
		return Unknown, whose + "assume-dead-after is 0 (never)"
	}
	if !f.Observed && last.DecodeError == "" {
		return Unknown, whose + "its objects were not read"
	}
	for _, j := range f.HookJobs {
		if hookRuns(j) {
			return Unknown, fmt.Sprintf("%sits hook %s is still running", whose, j.Ref)
		}
	}
	silent := f.Now.Sub(lastActivity(f, last)).Round(time.Second)
	if silent < after {
		return Unknown, fmt.Sprintf("%swas last active %s ago (assume-dead-after is %s)", whose, silent, after)
	}
	return Dead, fmt.Sprintf("%snothing of it was active for %s (assume-dead-after is %s)", whose, silent, after)
}

// lastActivity returns when the record, its objects or its hooks were last written.
func lastActivity(f *facts.Facts, last *facts.Record) time.Time {
	newest := laterOf(last.Created, last.Touched)
	for _, o := range f.Objects {
		newest = laterOf(newest, laterOf(o.Created, o.Touched))
	}
	for _, j := range f.HookJobs {
		newest = laterOf(newest, j.Created)
	}
	return newest
}

// hookRuns returns whether a hook's Job or Pod exists and has not ended.
func hookRuns(o facts.Object) bool {
	return o.Exists && !o.Complete && !o.Failed && (o.Kind == "Job" || o.Kind == "Pod")
}

// laterOf returns the later of two times.
func laterOf(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// timestamp formats a time for a message.
func timestamp(t time.Time) string {
	if t.IsZero() {
		return "not known"
	}
	return t.UTC().Format(time.RFC3339)
}

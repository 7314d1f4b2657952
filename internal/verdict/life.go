package verdict

import (
	"fmt"
	"time"
)

// Life is the answer to the one question that comes before touching a record
// that an operation left pending: does that operation still run?
type Life string

// The answers. Unknown is never read as dead.
const (
	Live    Life = "live"
	Dead    Life = "dead"
	Unknown Life = "unknown"
)

// grace is how long after a deadline or a Lease's end an operation of ours
// still counts as possibly alive: its fence closes at that moment, and what
// was in flight must have landed.
const grace = 60 * time.Second

// LifeOf says whether the operation that left the last record still runs, and
// by which evidence.
func LifeOf(f *Facts, assumeDeadAfter time.Duration) (Life, string) {
	last := f.Last()
	if last == nil {
		return Dead, "there is no record"
	}
	if f.Lock.State == LockHeld && f.Lock.Run != f.Run {
		return Live, fmt.Sprintf("the lock is held and renewed by %s", f.Lock.Holder)
	}
	if !last.Stamp.Zero() && last.Stamp.Revision == last.Revision {
		return stampedLife(f, last)
	}
	return foreignLife(f, last, assumeDeadAfter)
}

// stampedLife judges an operation of Berth's own, which cannot outlive its
// Lease or its deadline: the fence enforces both.
func stampedLife(f *Facts, last *Record) (Life, string) {
	if last.Stamp.Run == f.Run {
		return Dead, "it is this run's own, and it has ended"
	}
	if a := f.Lock.Attempt; a.Run == last.Stamp.Run && a.Revision == last.Revision {
		return Dead, "the run that began it said on the lock that it ended: " + a.Outcome
	}
	if f.Lock.ExpiredRun == last.Stamp.Run && f.Now.Sub(f.Lock.Expired) > grace {
		return Dead, "the run that began it stopped renewing its lock at " + stamp(f.Lock.Expired)
	}
	if d := last.Stamp.Deadline; !d.IsZero() && f.Now.Sub(d) > grace {
		return Dead, "its deadline passed at " + stamp(d)
	}
	return Unknown, fmt.Sprintf("the run that began it has not said that it ended; it counts as dead from %s on", stamp(deadFrom(f, last)))
}

// deadFrom is from when on an operation of ours counts as dead for certain.
func deadFrom(f *Facts, last *Record) time.Time {
	from := last.Stamp.Deadline
	if f.Lock.ExpiredRun == last.Stamp.Run && (from.IsZero() || f.Lock.Expired.Before(from)) {
		from = f.Lock.Expired
	}
	if from.IsZero() {
		return from
	}
	return from.Add(grace)
}

// foreignLife judges an operation that is not Berth's: only silence speaks,
// and only when the user said how much of it is enough.
func foreignLife(f *Facts, last *Record, after time.Duration) (Life, string) {
	if after <= 0 {
		return Unknown, "it was not made by Berth, and assume-dead-after is 0 (never)"
	}
	if !f.Observed {
		return Unknown, "it was not made by Berth, and its objects were not read"
	}
	newest := later(last.Created, last.Touched)
	for _, o := range f.Objects {
		newest = later(newest, later(o.Created, o.Touched))
	}
	for _, j := range f.HookJobs {
		if activeHook(j) {
			return Unknown, fmt.Sprintf("it was not made by Berth, and its hook %s is still running", j.Ref)
		}
		newest = later(newest, j.Created)
	}
	if silent := f.Now.Sub(newest); silent < after {
		return Unknown, fmt.Sprintf("it was not made by Berth, and was last active %s ago (assume-dead-after is %s)",
			silent.Round(time.Second), after)
	}
	return Dead, fmt.Sprintf("it was not made by Berth, and nothing of it was active for %s (assume-dead-after is %s)", f.Now.Sub(newest).Round(time.Second), after)
}

// activeHook says that a hook's Job or Pod exists and has not come to an end.
func activeHook(o Object) bool {
	return o.Exists && !o.Complete && !o.Failed && (o.Kind == "Job" || o.Kind == "Pod")
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return "not known"
	}
	return t.UTC().Format(time.RFC3339)
}

package lease

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/text"
)

// The Lease's annotations.
const (
	annotationRun         = "berth.dev/attempt-run"
	annotationRevision    = "berth.dev/attempt-revision"
	annotationOutcome     = "berth.dev/attempt-outcome"
	annotationHooksProven = "berth.dev/attempt-hooks-proven"
	// annotationHolderRun is the hash of the run that holds it, or held it last.
	annotationHolderRun = "berth.dev/run"
	// annotationExpired holds the last runs that let the Lease expire, and when,
	// newest first: "run=time,run=time". A later holder must not erase that, least
	// of all one that was cut off itself.
	annotationExpired = "berth.dev/expired-runs"
	// annotationToken tells two holders of the same name apart, such as the jobs
	// of one run's matrix.
	annotationToken = "berth.dev/lease-token"
)

// ErrUnusable means that this run has no permission to use Leases. It can do
// without, by the stamps on the records.
var ErrUnusable = errors.New("no permission on leases.coordination.k8s.io")

// ErrLost means that this run no longer holds the Lease. It must not write
// anything from then on, least of all the release's record.
var ErrLost = errors.New("the lock on the release was lost")

// HeldError means that somebody else held the release for the whole wait.
type HeldError struct {
	Holder  string // untrusted text
	Since   time.Time
	Renewed bool          // it was renewed while it was looked at, so that its holder lives
	Claims  time.Duration // how long it claims to last, where no run could have written that; or 0
}

// Error names the holder, quoted, since anybody may have written it there.
func (e *HeldError) Error() string {
	said := fmt.Sprintf("the release is held by %q", e.Holder)
	if !e.Since.IsZero() {
		said += " since " + e.Since.UTC().Format(time.RFC3339)
	}
	if e.Renewed {
		said += ", and was renewed while it was watched"
	}
	if e.Claims > 0 {
		said += fmt.Sprintf("; its Lease claims to last %s, which no run asks for: it counts as lasting %s", e.Claims, longestDuration)
	}
	return said
}

// Name returns the name of a release's Lease. One that is too long for a label
// value, as which tools like to show it, is cut and ends with a hash.
func Name(release string) string {
	const limit = 63
	name := "berth-" + release
	if len(name) <= limit {
		return name
	}
	sum := sha256.Sum256([]byte(release))
	hash := hex.EncodeToString(sum[:4])
	return name[:limit-len(hash)-1] + "-" + hash
}

// Read returns who holds the release and how the last attempt ended. A Lease that
// does not exist, or may not be read, is no error: the State says so. serverNow is
// the API server's time; while it is zero, or this machine's clock is behind it, an
// expired Lease may be returned as held.
func Read(ctx context.Context, client kubernetes.Interface, namespace, release string, serverNow time.Time) (facts.Lock, error) {
	l, err := client.CoordinationV1().Leases(namespace).Get(ctx, Name(release), metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return facts.Lock{State: facts.LockAbsent}, nil
	case apierrors.IsForbidden(err):
		return facts.Lock{State: facts.LockUnusable}, nil
	case err != nil:
		return facts.Lock{}, fmt.Errorf("read lease %s in namespace %s: %w", Name(release), namespace, err)
	}
	return state(l, serverNow, time.Now()), nil
}

// state returns what a Lease says. serverNow is the API server's time, or zero, and
// now this machine's.
func state(l *coordinationv1.Lease, serverNow, now time.Time) facts.Lock {
	lock := facts.Lock{
		State:   facts.LockEnded,
		Run:     l.Annotations[annotationHolderRun],
		Holder:  shown(holder(l)),
		Since:   acquired(l),
		Attempt: attempt(l),
	}
	lock.Expired = parseExpired(l.Annotations[annotationExpired])
	if holder(l) == "" {
		return lock
	}
	lock.State = facts.LockHeld
	if hasExpired(l, serverNow, now) {
		return expired(lock, expires(l))
	}
	return lock
}

// shown returns a holder as a line for people. Whoever may write Leases can write
// anything there.
func shown(holder string) string {
	const limit = 300
	if line := text.Cut(text.OneLine(holder), limit); line != "" || holder == "" {
		return line
	}
	return "a holder without a readable name"
}

func holder(l *coordinationv1.Lease) string {
	if l.Spec.HolderIdentity == nil {
		return ""
	}
	return *l.Spec.HolderIdentity
}

func acquired(l *coordinationv1.Lease) time.Time {
	if l.Spec.AcquireTime == nil {
		return time.Time{}
	}
	return l.Spec.AcquireTime.Time
}

// claimed returns how long the Lease says that it lasts.
func claimed(l *coordinationv1.Lease) time.Duration {
	if s := l.Spec.LeaseDurationSeconds; s != nil && *s > 0 {
		return time.Duration(*s) * time.Second
	}
	return defaultDuration
}

// duration returns how long the Lease lasts, as far as that is believed.
func duration(l *coordinationv1.Lease) time.Duration { return min(claimed(l), longestDuration) }

// renewed returns when the Lease was last written: by the API server's clock, which
// stamps managedFields, or by the holder's own, which is spec.renewTime, whichever is
// later. A change by somebody else makes it later, which is safe.
func renewed(l *coordinationv1.Lease) time.Time {
	newest := l.CreationTimestamp.Time
	if at := l.Spec.RenewTime; at != nil && at.After(newest) {
		newest = at.Time
	}
	for _, f := range l.ManagedFields {
		if f.Time != nil && f.Time.After(newest) {
			newest = f.Time.Time
		}
	}
	return newest
}

// expires returns when the Lease expires by the clocks that stamped it. The server's
// stamps have whole seconds; what they leave out is granted to the holder.
func expires(l *coordinationv1.Lease) time.Time {
	return renewed(l).Add(duration(l) + time.Second)
}

// hasExpired reports whether the Lease has expired by every clock that there is: it was
// renewed at the later of what the API server and its holder say, and it is now the
// earlier of what the API server and this machine say. So one clock that is wrong, or
// one API server among several, makes no live Lease look expired, and times that are
// far away make it look alive, not dead. Whoever wants it then watches it instead.
func hasExpired(l *coordinationv1.Lease, serverNow, now time.Time) bool {
	return !serverNow.IsZero() && earlier(serverNow, now).After(expires(l))
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// attempt reads the annotations on the last attempt. A revision that is no number
// counts as absent.
func attempt(l *coordinationv1.Lease) facts.Attempt {
	revision, _ := strconv.Atoi(l.Annotations[annotationRevision])
	return facts.Attempt{
		Run:         l.Annotations[annotationRun],
		Revision:    revision,
		Outcome:     text.Cut(text.OneLine(l.Annotations[annotationOutcome]), 100),
		HooksProven: l.Annotations[annotationHooksProven] == "true",
	}
}

// setAttempt writes the annotations on the last attempt.
func setAttempt(l *coordinationv1.Lease, a facts.Attempt) {
	if l.Annotations == nil {
		l.Annotations = make(map[string]string)
	}
	l.Annotations[annotationRun] = a.Run
	l.Annotations[annotationRevision] = strconv.Itoa(a.Revision)
	l.Annotations[annotationOutcome] = a.Outcome
	l.Annotations[annotationHooksProven] = strconv.FormatBool(a.HooksProven)
}

package lease

import (
	"context"
	"errors"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	typed "k8s.io/client-go/kubernetes/typed/coordination/v1"

	"github.com/berth-dev/berth/internal/facts"
)

// Lease is a Lease that this run holds, or held. It is safe for concurrent use.
type Lease struct {
	o     Options
	api   typed.LeaseInterface
	token string
	found facts.Lock

	stop    context.CancelFunc // ends the renewal
	stopped chan struct{}      // closed when the renewal has ended
	lost    chan struct{}      // closed when the Lease is lost

	mu      sync.Mutex
	object  *coordinationv1.Lease // as last written or read
	renewed time.Time             // when the last successful write began
	failed  renewal               // the last renewal, unless it succeeded
	leaving bool                  // this run is about to delete the namespace
	gone    bool                  // the Lease was deleted with the namespace
	ended   bool                  // this run has released or removed it
	notes   map[string]string     // further annotations that it is released with
	err     error                 // why it was lost
}

// renewal is a renewal that got no usable answer.
type renewal struct {
	at    metav1.MicroTime // the renewTime that it was to write
	began time.Time
	err   error // nil: this process was stopped meanwhile
}

// Found returns the Lease as it was before this run took it.
func (l *Lease) Found() facts.Lock { return l.found }

// Done is closed when the Lease is lost. Nothing may be written from then on.
func (l *Lease) Done() <-chan struct{} { return l.lost }

// Err returns why the Lease was lost, or nil.
func (l *Lease) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// Trouble returns why the last renewal got no usable answer, or nil. A Lease that
// expired for that reason is not known to be anybody else's.
func (l *Lease) Trouble() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil && !errors.Is(l.err, l.failed.err) {
		return nil // somebody else took it
	}
	return l.failed.err
}

// Live reports whether nobody else can hold the Lease for another margin. It goes
// by the monotonic clock or by the wall clock, whichever is further ahead: the
// first stands still while the machine sleeps, the second can be set back.
func (l *Lease) Live(margin time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.live(time.Now(), margin)
}

func (l *Lease) live(now time.Time, margin time.Duration) bool {
	switch {
	case l.err != nil, l.ended:
		return false
	case l.gone:
		return true
	}
	age := max(now.Sub(l.renewed), now.Round(0).Sub(l.renewed.Round(0)))
	return age < l.o.Duration-margin
}

// ExpectRemoval announces that this run is about to delete the namespace, and the
// Lease with it. From now on its absence ends the renewal, not the operation.
func (l *Lease) ExpectRemoval() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.leaving = true
}

// Note has the Lease released with further annotations.
func (l *Lease) Note(annotations map[string]string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.notes = annotations
}

func (l *Lease) isLeaving() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.leaving
}

// setGone records that the Lease was deleted with the namespace.
func (l *Lease) setGone() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gone = true
}

// isOver reports whether nothing is left to renew.
func (l *Lease) isOver() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.gone || l.err != nil
}

func (l *Lease) uid() types.UID {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.object.UID
}

// setRenewed records a successful renewal that began at that moment.
func (l *Lease) setRenewed(object *coordinationv1.Lease, began time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.object, l.renewed, l.failed = object, began, renewal{}
}

// setObject records the Lease as it was read, to write over it. Where it holds
// what a failed renewal was to write, that renewal succeeded and only its answer
// was lost.
func (l *Lease) setObject(o *coordinationv1.Lease) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.object = o
	if at := o.Spec.RenewTime; at != nil && !l.failed.began.IsZero() && at.Equal(&l.failed.at) {
		l.renewed, l.failed = l.failed.began, renewal{}
	}
}

// setFailed records a failed renewal. One that ended long after its timeout shows
// that this process was stopped, and says nothing about the API server.
func (l *Lease) setFailed(r renewal) {
	if time.Since(r.began) > 2*l.o.RenewEvery {
		r.err = nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failed = r
}

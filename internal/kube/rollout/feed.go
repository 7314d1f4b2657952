package rollout

import (
	"context"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
)

const (
	// pollEvery paces the reads where watching is not allowed.
	pollEvery = 250 * time.Millisecond
	// watchTime bounds one watch, so that a connection which died unnoticed costs
	// no more than that.
	watchTime = 30 * time.Second
	// firstPause and longestPause are between tries that brought nothing.
	firstPause   = 50 * time.Millisecond
	longestPause = 2 * time.Second
	// emptyWatches is after how many watches without an event everything is read.
	emptyWatches = 3
	// deniedFor is how long reads have to be denied: a server that starts denies
	// what it has not learned yet to be allowed.
	deniedFor   = 3 * time.Second
	deniedPause = 750 * time.Millisecond
)

// feed brings the news of some objects of one kind: by one watch, taken up again
// where it ended; by a list where what lies between is not to be had any more;
// by polling where watching is not allowed.
type feed struct {
	resource dynamic.ResourceInterface
	source   source
	scope    metav1.ListOptions  // the selector
	names    map[string]*subject // nil: whatever is in the scope
	subjects []*subject          // the same in a row
	from     string              // the version to watch from; empty: read first
	sights   chan<- sight        // where the news goes
	open     int                 // how many are still waited for
	stop     context.CancelFunc  // ends it when that is none
	seen     map[string]bool     // without names: what was there
	polls    bool                // watching is not allowed, or does not show them all
	polled   time.Time           // since when; zero: it does not
	gets     bool                // listing is not allowed, either
}

// leave says that one of the subjects is settled.
func (f *feed) leave() {
	if f.open--; f.open == 0 {
		f.stop()
	}
}

// run feeds until ctx ends. It returns the error of reads that go on being denied.
func (f *feed) run(ctx context.Context) error {
	pause, empty := firstPause, 0
	var refused time.Time // since when reads are denied
	for ctx.Err() == nil {
		if f.from == "" || empty >= emptyWatches {
			empty = 0
			if err := f.read(ctx); err != nil {
				if refused.IsZero() {
					refused = time.Now()
				}
				if time.Since(refused) >= deniedFor {
					return err
				}
				f.from, f.polls, f.gets = "", false, false // all may be allowed again
				rest(ctx, deniedPause)
				continue
			}
			refused = time.Time{}
		}
		wait, began := time.Duration(0), time.Now()
		switch {
		case f.polls:
			wait, f.from = pollEvery, ""
			f.tryWatching()
		case f.from == "":
			wait, pause = pause, min(2*pause, longestPause)
		case f.watch(ctx) || time.Since(began) > longestPause/2: // a quiet one is as good
			pause, empty = firstPause, 0
		default:
			wait, pause, empty = pause, min(2*pause, longestPause), empty+1
		}
		if wait > 0 {
			rest(ctx, wait)
		}
	}
	return nil
}

// tryWatching ends the polling once it has lasted as long as a watch would: one
// denial, or one lost label, need not mean that it goes on.
func (f *feed) tryWatching() {
	switch {
	case f.polled.IsZero():
		f.polled = time.Now()
	case time.Since(f.polled) >= watchTime:
		f.polls, f.gets, f.polled = false, false, time.Time{}
	}
}

// rest returns after d, or when ctx ends.
func rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

func (f *feed) emit(ctx context.Context, s sight) {
	s.feed = f
	select {
	case <-ctx.Done():
	case f.sights <- s:
	}
}

// Package startup spares the start of the program the garbage collector.
//
// The libraries that Helm stands on fill 7 MiB with tables before main is
// called. Next to none of it is garbage, yet Go collects three times on the
// way, since it begins at 4 MiB. A short deploy is over before the first
// collection is worth its while.
//
// Import it for its effect. Packages are initialised in the order of their
// paths once what they import is, so this one, which imports little, comes
// before those that allocate; a test of the program watches over that.
package startup

import (
	"os"
	"runtime"
	"runtime/debug"
	"sync/atomic"
)

const (
	// late lets the first collection begin at 16 MiB, four times Go's own.
	late  = 400
	usual = 100
	// thrifty lets what is garbage be half of what is not.
	thrifty = 50
)

// after is the pace from the first collection on.
var after atomic.Int64

func init() {
	if isFree() {
		postpone()
	}
}

// isFree reports whether nobody has set the pace.
func isFree() bool { return os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" }

// BeThrifty has the garbage collector run more often, for what holds thousands of apps in memory: that
// takes a third less of it, and a few hundredths more of the time.
func BeThrifty() {
	if isFree() {
		after.Store(thrifty)
		debug.SetGCPercent(thrifty)
	}
}

// postpone puts off the first collection. It finds a mark that nothing refers
// to, and with it the usual pace comes back, so that a large deploy takes no
// more memory than it would have.
func postpone() {
	debug.SetGCPercent(late)
	after.Store(usual)
	mark := new([64]byte) // a smaller one could share its memory, and its fate, with others
	runtime.AddCleanup(mark, func(pace *atomic.Int64) { debug.SetGCPercent(int(pace.Load())) }, &after)
}

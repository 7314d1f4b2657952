package startup

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"
)

func TestTheFirstCollectionBringsTheUsualPaceBack(t *testing.T) {
	t.Cleanup(func() { debug.SetGCPercent(usual) })
	postpone()
	if got := pace(); got != late {
		t.Fatalf("before the first collection the pace is %d, want %d", got, late)
	}
	collectUntil(t, usual)
}

// What is asked for before the first collection stands after it.
func TestThriftStays(t *testing.T) {
	t.Setenv("GOGC", "")
	t.Setenv("GOMEMLIMIT", "")
	t.Cleanup(func() { debug.SetGCPercent(usual) })
	postpone()
	BeThrifty()
	if got := pace(); got != thrifty {
		t.Fatalf("the pace is %d, want %d", got, thrifty)
	}
	debug.SetGCPercent(late) // until the collection that is awaited
	collectUntil(t, thrifty)
	t.Setenv("GOGC", "200")
	debug.SetGCPercent(200)
	if BeThrifty(); pace() != 200 {
		t.Errorf("a pace that somebody has set became %d", pace())
	}
}

func collectUntil(t *testing.T, want uint64) {
	t.Helper()
	runtime.GC()
	deadline := time.After(10 * time.Second)
	for pace() != want {
		select {
		case <-deadline:
			t.Fatalf("10 s after the first collection the pace is still %d, want %d", pace(), want)
		default:
			runtime.Gosched()
		}
	}
}

// pace is the collector's setting; to ask debug for it is to change it.
func pace() uint64 {
	sample := []metrics.Sample{{Name: "/gc/gogc:percent"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

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
	runtime.GC()
	deadline := time.After(10 * time.Second)
	for pace() != usual {
		select {
		case <-deadline:
			t.Fatalf("10 s after the first collection the pace is still %d, want %d", pace(), usual)
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

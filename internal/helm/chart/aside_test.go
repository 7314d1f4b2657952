package chart

import (
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestWorkThatTakesTooMuchMemory(t *testing.T) {
	was := maxMemory
	defer func() { maxMemory = was }()
	heap, _ := inUse()
	maxMemory = heap + 64<<20
	stop := make(chan struct{})
	defer close(stop)
	began := time.Now()
	_, err := aside(t.Context(), graceTime, func() ([][]byte, error) {
		var all [][]byte
		for len(all) < 256 {
			all = append(all, make([]byte, 1<<20))
		}
		<-stop
		return all, nil
	})
	if err == nil || !strings.Contains(err.Error(), "MiB of memory") || time.Since(began) > 10*time.Second {
		t.Errorf("%v after %s", err, time.Since(began))
	}
}

// It ends long before Go ends the process, and its stack goes on to grow meanwhile.
func TestWorkThatCallsItself(t *testing.T) {
	was := maxStack
	defer func() { maxStack = was }()
	_, stack := inUse()
	maxStack = stack + 8<<20
	stop, ended := make(chan struct{}), make(chan struct{})
	defer func() { // its stack must not count in the tests that follow
		close(stop)
		<-ended
		runtime.GC()
	}()
	var descend func(depth int) int
	descend = func(depth int) int {
		var frame [1 << 10]byte
		if depth > 32<<10 {
			<-stop
			return int(frame[depth%len(frame)])
		}
		return descend(depth+1) + int(frame[depth%len(frame)])
	}
	_, err := aside(t.Context(), graceTime, func() (int, error) {
		defer close(ended)
		return descend(0), nil
	})
	if err == nil || !strings.Contains(err.Error(), "calls itself without end") {
		t.Error(err)
	}
}

func TestWorkThatPanics(t *testing.T) {
	_, err := aside(t.Context(), graceTime, func() (int, error) { panic("odd") })
	if err == nil || !strings.Contains(err.Error(), "odd") {
		t.Error(err)
	}
}

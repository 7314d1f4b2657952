package chart

import (
	"strings"
	"testing"
	"time"
)

func TestWorkThatTakesTooMuchMemory(t *testing.T) {
	was := maxMemory
	defer func() { maxMemory = was }()
	maxMemory = heap() + 64<<20
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

func TestWorkThatPanics(t *testing.T) {
	_, err := aside(t.Context(), graceTime, func() (int, error) { panic("odd") })
	if err == nil || !strings.Contains(err.Error(), "odd") {
		t.Error(err)
	}
}

package main

import (
	"os"
	"runtime"
	"testing"
)

// collections is how many there were when all that the program imports was
// initialised, for package main is the last.
var collections = func() uint32 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.NumGC
}()

func TestNothingIsCollectedBeforeTheProgramBegins(t *testing.T) {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		t.Skip("GOGC or GOMEMLIMIT is set, and the program leaves the collector to whoever set it")
	}
	if collections > 0 {
		t.Errorf("the garbage collector ran %d times: has package internal/startup come to import much, "+
			"or the program to allocate 16 MiB?", collections)
	}
}

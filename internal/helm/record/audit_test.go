package record

import (
	"errors"
	"testing"
	"time"
)

func TestFailedOmitsWhatALaterWriteMadeGood(t *testing.T) {
	a := &audit{kind: Secrets, now: time.Now, log: func(string, ...any) {}}
	boom, worse := errors.New("boom"), errors.New("worse")
	write := func(key string, err error) { _ = a.end(a.beginHelm("update", key, nil), err) }
	write("a", nil)
	write("a", boom)
	write("b", worse)
	if !errors.Is(a.Failed(), boom) {
		t.Errorf("got %v", a.Failed())
	}
	write("a", nil)
	if !errors.Is(a.Failed(), worse) {
		t.Errorf("got %v", a.Failed())
	}
	write("b", nil)
	_ = a.end(a.begin("delete", "c", nil), boom) // a repair, which returned it
	if a.Failed() != nil || len(a.Audit()) != 6 {
		t.Errorf("got %v after %d writes", a.Failed(), len(a.Audit()))
	}
}

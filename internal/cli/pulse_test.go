package cli

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestPulse(t *testing.T) {
	now := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	begin := now
	var said []string
	p := &pulse{now: func() time.Time { return now }, change: func(trouble string) { said = append(said, trouble) }}
	var heard [4]func()
	var lost [4]func(error)
	for i := range heard {
		heard[i], lost[i] = p.of(i)
		heard[i]()
	}
	now = now.Add(time.Minute)
	heard[0]()
	heard[1]()
	if since, trouble := p.read(); !since.Equal(begin) || trouble != "" {
		t.Errorf("%s, %q", since, trouble)
	}
	lost[1](errors.New("no secrets"))
	lost[2](errors.New("no leases"))
	lost[1](errors.New("still no secrets"))
	heard[1]()
	if _, trouble := p.read(); trouble != "no leases" {
		t.Errorf("%q", trouble)
	}
	heard[2]()
	if since, trouble := p.read(); !since.Equal(now) || trouble != "" {
		t.Errorf("%s, %q", since, trouble)
	}
	lost[ofHolds](errors.New("no lease"))
	if p.heardSince(now) || !p.heardSince(now.Add(-time.Second)) {
		t.Error("of when it was heard")
	}
	now = now.Add(time.Second)
	heard[ofHolds]() // which tells of nothing else
	if since, trouble := p.read(); !since.Equal(now.Add(-time.Second)) || trouble != "" {
		t.Errorf("%s, %q", since, trouble)
	}
	if !slices.Equal(said, []string{"no secrets", "", "no lease", ""}) {
		t.Errorf("it said %q", said)
	}
	now = now.Add(silence + time.Second)
	if _, trouble := p.read(); !strings.Contains(trouble, "nothing was heard of the API server for 6m2s") {
		t.Errorf("%q", trouble)
	}
}

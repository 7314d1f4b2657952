package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verdict"
)

const (
	// tellBlockersEvery is how often a wait looks for what keeps it waiting, until there is
	// something to tell.
	tellBlockersEvery = 5 * time.Second
	// stripEvery is how often it looks where finalizers may be taken off.
	stripEvery = 2 * time.Second
)

// departure waits until what is being deleted is gone, and tells what keeps it from going.
type departure struct {
	objects   Objects
	server    Server
	report    *reporter
	namespace string
	strips    bool // a teardown was told to take finalizers off
}

// leaving is what is waited for.
type leaving struct {
	what string // that is waited for, in words
	// look reads what is left of it.
	look func(ctx context.Context) (facts.Going, error)
	// mayStrip returns whether the finalizers of an object are to be taken off; nil: of none.
	mayStrip func(b facts.Blocker) bool
}

// await calls wait, which ends when all is gone, and looks beside it what keeps that from going:
// it says so once, and takes finalizers off where nothing else happens any more.
func (d *departure) await(ctx context.Context, l leaving, wait func(ctx context.Context) error) error {
	waiting, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- wait(waiting) }()
	strips, every := d.strips && l.mayStrip != nil, tellBlockersEvery
	if strips {
		every = stripEvery
	}
	ticks := time.NewTicker(every)
	defer ticks.Stop()
	var still verdict.Standstill
	for said, begun := false, d.report.clock(); ; {
		select {
		case err := <-done:
			return err
		case <-ticks.C:
		}
		if said && !strips {
			continue
		}
		left, err := l.look(waiting)
		if err != nil {
			continue // the wait itself says what is wrong
		}
		if !said && d.report.clock().Sub(begun) >= tellBlockersEvery {
			said = d.say(l.what, left)
		}
		if !strips {
			continue
		}
		if err := d.strip(waiting, l, still.See(left.Blockers, d.report.clock())); err != nil {
			stop()
			if ended := <-done; ended == nil {
				return nil // all has gone meanwhile
			}
			return err
		}
	}
}

// say tells, while it is waited, what is left. It returns whether there was something to tell.
func (d *departure) say(what string, left facts.Going) bool {
	lines := verdict.DescribeGoing(left, d.namespace, d.server.Now())
	if len(lines) == 0 {
		return false
	}
	d.report.say("Still waiting until " + what + ": " + strings.Join(listedUpTo(lines, maxNamed), "; "))
	return true
}

// listedUpTo returns the first lines, and how many more there are.
func listedUpTo(lines []string, most int) []string {
	if more := len(lines) - most; more > 0 {
		return append(slices.Clone(lines[:most]), fmt.Sprintf("and %d more", more))
	}
	return lines
}

// strip takes the finalizers off those of the objects that were named.
func (d *departure) strip(ctx context.Context, l leaving, still []facts.Blocker) error {
	for _, b := range still {
		if !l.mayStrip(b) {
			continue
		}
		stripped, err := d.objects.Strip(ctx, b)
		if err != nil {
			return err
		}
		if len(stripped) > 0 {
			d.report.note(result.LevelWarning, "Finalizers taken off", "%s",
				verdict.Stripped(b, stripped, d.namespace))
		}
	}
	return nil
}

// explain adds to the error of such a wait what was left at its end. It has a time of its own,
// since the run's may be over.
func (d *departure) explain(ctx context.Context, err error, l leaving) error {
	p := problem.Of(err)
	if p == nil || p.Reason != problem.NamespaceTerminating && p.Reason != problem.Inconsistent {
		return err
	}
	ctx, cancel := detached(ctx)
	defer cancel()
	left, lookErr := l.look(ctx)
	if lookErr != nil {
		return err
	}
	now := d.server.Now()
	for _, line := range verdict.DescribeGoing(left, d.namespace, now) {
		if !slices.Contains(d.report.result.Evidence, line) {
			d.report.evidence("%s", line)
		}
	}
	return verdict.ExplainGoing(p, left, d.namespace, now)
}

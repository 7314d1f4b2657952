package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
	"github.com/berth-dev/berth/internal/verdict"
)

// proveServing proves what Kubernetes does not tell of an app, where the run was asked to: that
// the chart's tests pass, and that it answers at its URL. The lock is held meanwhile: after
// another deploy it would be another commit that answers.
func (d *deploy) proveServing(ctx context.Context) error {
	d.journal.settle(fmt.Sprintf("revision %d is recorded as %s", d.report.result.Revision, d.report.result.Status))
	if err := d.testRelease(ctx); err != nil {
		return err
	}
	return d.askURL(ctx)
}

// testRelease runs the chart's tests.
func (d *deploy) testRelease(ctx context.Context) error {
	if !d.options.Test {
		return nil
	}
	ctx, cancel := d.budget.begin(ctx)
	defer cancel()
	f, err := d.gather.gatherStable(ctx, scope{})
	if err != nil {
		return err
	}
	out := d.steps.operate.test(ctx, f)
	if lost := d.lock.lost(ctx); lost != nil {
		return lost
	}
	passed := out.Err == nil && !out.Cut
	if passed && out.Tests == 0 {
		d.report.note(result.LevelNotice, "No tests", "helm-test is true, and the chart has no hook of the event test.")
		return nil
	}
	detail := fmt.Sprintf("%d of %d", out.Tests, out.Tests)
	if !passed {
		detail = "one failed"
	}
	d.report.checked(result.Check{Name: "tests", Title: "The chart's tests pass", OK: passed, Detail: detail})
	if passed {
		return nil
	}
	return d.testsFailed(out)
}

// test runs the tests as an operation of Helm's.
func (o *operator) test(ctx context.Context, f *facts.Facts) result.Outcome {
	done := o.report.stepWithParts("Run the chart's tests")
	o.operations.Expect(verdict.Expected(f))
	notes := o.report.result.ChartNote
	out := o.operations.Test(ctx)
	done(out.Phases)
	o.report.wrote()
	o.describe(out)
	o.report.result.ChartNote = notes
	return out
}

// testsFailed is the problem of tests that did not pass. What a person has to act on in another
// way, such as a missing permission, stays what it is.
func (d *deploy) testsFailed(out result.Outcome) error {
	var known *problem.Problem
	if errors.As(out.Err, &known) && (known.Reason == problem.PermissionMissing || known.Reason == problem.Foreign) {
		return out.Err
	}
	res := &d.report.result
	return &problem.Problem{Reason: problem.ProbeFailed, Cause: out.Err,
		Headline: fmt.Sprintf("A test of `%s` failed: revision %d is deployed, and does not do what it is to.", res.Release, res.Revision),
		Next:     "Fix the app or the test, whose log is shown, and deploy again."}
}

// askURL proves that the app answers at its URL.
func (d *deploy) askURL(ctx context.Context) error {
	if d.options.Probe == 0 {
		return nil
	}
	defer d.report.step("Ask the URL until it answers as it should")()
	asking, cancel := within(ctx, "probe-timeout", d.options.Probe)
	defer cancel()
	seen, err := d.backend.URL.Answers(asking)
	if lost := d.lock.lost(ctx); lost != nil {
		return lost
	}
	if err != nil {
		seen = text.OneLine(problem.Of(err).Cause.Error())
	}
	d.report.checked(result.Check{Name: "url", Title: "The URL answers as it should", OK: err == nil, Detail: seen})
	return err
}

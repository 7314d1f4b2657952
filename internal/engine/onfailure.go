package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/verdict"
)

// afterFailure does what on-failure asks for, once the evidence is gathered and
// the record says failed. A run that was interrupted, that lost its lock, or that
// may not write its records does nothing more. The failure stays the run's end.
func (r *run) afterFailure(ctx context.Context, err error) error {
	var p *problem.Problem
	if !errors.As(err, &p) || r.settled == "" || r.interruption(ctx) != nil || r.lockLost(ctx) != nil {
		return err
	}
	var done string
	var trouble error
	switch r.Options.Policy.OnFailure {
	case verdict.OnFailureRollback:
		done, trouble = r.rollBackFailed(ctx)
	case verdict.OnFailureUninstall:
		done, trouble = r.uninstallFailed(ctx)
	case verdict.OnFailureKeep, "":
		return err
	}
	failed := *p
	if trouble != nil {
		r.result.Evidence = append(r.result.Evidence, fmt.Sprintf("on-failure is %s, which failed as well: %v", r.Options.Policy.OnFailure, trouble))
		failed.Next = fmt.Sprintf("Run berth check to see where the release stands: on-failure is %s, and that failed as well (see the evidence).", r.Options.Policy.OnFailure)
		return &failed
	}
	failed.Headline = fmt.Sprintf("The deploy of revision %d of `%s` failed; %s.", r.failedRevision, r.Options.App.Release, done)
	failed.Next = "Mend what is named here and deploy again."
	return &failed
}

func (r *run) rollBackFailed(ctx context.Context) (string, error) {
	ctx, cancel := r.budget(ctx)
	defer cancel()
	seen, err := r.lookAtRelease(ctx)
	if err != nil {
		return "", err
	}
	target := verdict.DeployedBefore(seen, r.failedRevision)
	if target == 0 {
		return "there is no good revision to go back to, so it was left as it is", nil
	}
	if err := r.rollBack(ctx, target, seen); err != nil {
		return "", err
	}
	return fmt.Sprintf("revision %d is deployed again, as revision %d", target, r.result.Revision), nil
}

func (r *run) uninstallFailed(ctx context.Context) (string, error) {
	ctx, cancel := r.budget(ctx)
	defer cancel()
	seen, err := r.lookAtRelease(ctx)
	if err != nil {
		return "", err
	}
	if err := r.removeRelease(ctx, seen); err != nil {
		return "", err
	}
	return "it was taken away, as on-failure says", nil
}

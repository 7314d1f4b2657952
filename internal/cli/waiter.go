package cli

import (
	"context"
	"errors"

	"github.com/berth-dev/berth/internal/apifailure"
	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/kube"
	"github.com/berth-dev/berth/internal/kube/rollout"
	"github.com/berth-dev/berth/internal/progress"
	"github.com/berth-dev/berth/internal/result"
)

// waiter is Helm's view of internal/kube/rollout. Its reads go on when the
// operation is over, to find the reasons, but not when the lock is lost.
type waiter struct {
	conn      *kube.Conn
	display   *progress.Display
	getter    *kube.Getter // whose fence asks after the lock alone
	namespace string
	release   string
	own       bool // the namespace is the review app's alone
	failFast  bool
}

// rollout is the waiter of one wait, and the one who watches that.
func (w waiter) rollout(ctx context.Context, aim progress.Aim, jobs bool) (*rollout.Waiter, *progress.Wait, error) {
	mapper, err := w.conn.Mapper(ctx)
	if err != nil {
		return nil, nil, apifailure.Classify(err, "ask the API server for its kinds of object")
	}
	client, dynamic, err := w.getter.Clients()
	if err != nil {
		return nil, nil, err
	}
	seen := w.display.Wait(aim)
	return &rollout.Waiter{
		Release: w.release, OwnNamespace: w.own, WaitForJobs: jobs, FailFast: w.failFast, Observer: seen,
		Clients: rollout.Clients{Clientset: client, Dynamic: dynamic, Mapper: mapper, Namespace: w.namespace},
	}, seen, nil
}

func (w waiter) Ready(ctx context.Context, applied []rollout.Applied, jobs bool) ([]result.Event, error) {
	r, seen, err := w.rollout(ctx, progress.Ready, jobs)
	if err != nil {
		return nil, err
	}
	err = r.WaitForReady(ctx, applied)
	return seen.Timeline(), err
}

func (w waiter) Gone(ctx context.Context, refs []facts.Ref) ([]result.Event, error) {
	r, seen, err := w.rollout(ctx, progress.Gone, false)
	if err != nil {
		return nil, err
	}
	err = r.WaitForDelete(ctx, refs)
	return seen.Timeline(), err
}

func (w waiter) Finished(ctx context.Context, applied []rollout.Applied) ([]facts.Ref, error) {
	r, _, err := w.rollout(ctx, progress.Done, false)
	if err != nil {
		return nil, err
	}
	deleted, err := r.WaitForCompletion(ctx, applied)
	var unfinished *rollout.IncompleteError
	if errors.As(err, &unfinished) {
		return deleted, err // the hook's own end, not the API server's
	}
	return deleted, apifailure.Classify(err, "wait for the hook to end")
}

package engine

import (
	"context"

	"github.com/berth-dev/berth/internal/verdict"
)

// refuseElsewhere returns why a release is not gone of which there is no record: it was deployed
// with another HELM_DRIVER, or that cannot be told. Its namespace would go without its hooks, with all
// that is in it, and in one that stays it would be said to be gone, without its copies of Secrets and its lock.
func (t *teardown) refuseElsewhere(ctx context.Context) error {
	resource, has, denied, err := t.backend.Records.Elsewhere(ctx)
	switch {
	case err != nil:
		return err
	case has:
		return verdict.RefuseElsewhere(t.options.App.Release, t.ns.name, resource)
	case denied && t.lock.found.Attempt.Stored():
		return verdict.RefuseUnread(t.options.App.Release, t.ns.name, resource)
	}
	return nil
}

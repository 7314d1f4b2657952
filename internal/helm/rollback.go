package helm

import (
	"context"
	"fmt"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage"
	"helm.sh/helm/v3/pkg/storage/driver"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/helm/record"
	"github.com/berth-dev/berth/internal/result"
)

// Rollback applies a revision once more, as a new revision, with its rollback
// hooks. The revision is always named: Helm's own default, the last but one, need
// not exist or be any good.
//
// Where building the objects or a hook failed, Helm leaves the new record
// pending-rollback: the caller settles it. The revision before stays as it was
// recorded, unless it was deployed.
func (o *Operations) Rollback(ctx context.Context, how facts.Rollback) result.Outcome {
	if how.To < 1 {
		return result.Outcome{Err: fmt.Errorf("roll release %s back to revision %d: there is none", o.opts.Release, how.To)}
	}
	op, err := o.prepare(ctx, newTimeline())
	if err != nil {
		return result.Outcome{Err: err}
	}
	out := o.rollback(op, how)
	o.records.written = out.Revision
	return out
}

func (o *Operations) rollback(op *operation, how facts.Rollback) result.Outcome {
	records := &rollbackRecords{Driver: op.config.Releases.Driver}
	op.config.Releases.Driver = records
	// CleanupOnFail, Force and Recreate stay off: they destroy the evidence,
	// replace objects and restart pods.
	b := action.NewRollback(op.config)
	b.Version = how.To
	b.Wait = true
	b.Timeout = stepTimeout(op.client.operationCtx, o.opts.Timeout)
	b.MaxHistory = o.opts.MaxHistory
	c := &rollbackClient{client: op.client, within: how.Within}
	return op.run(c, func() (*release.Release, error) {
		last, err := checkRollback(op.config.Releases, op.client, o.opts.Release, how)
		if err != nil {
			return nil, err
		}
		c.current = last.Manifest
		records.last, records.lastDeployed = last.Version, last.Info.Status == release.StatusDeployed
		err = b.Run(o.opts.Release)
		return records.created, err
	})
}

// checkRollback refuses, before anything is stored, what Helm would find out when
// the new record is pending already (a kind that the API server does not have),
// or never: a rollback does not look at the owner of any object. It returns the
// last revision.
func checkRollback(releases *storage.Storage, c *client, name string, how facts.Rollback) (last *release.Release, err error) {
	to := how.To
	last, err = releases.Last(name)
	if err != nil {
		return nil, fmt.Errorf("read the last revision of release %s: %w", name, err)
	}
	target, err := releases.Get(name, to)
	if err != nil {
		return nil, fmt.Errorf("read revision %d of release %s to roll back to it: %w", to, name, err)
	}
	have, err := c.buildStored(last.Manifest, false)
	if err != nil {
		return nil, fmt.Errorf("find the objects of revision %d: %w", last.Version, err)
	}
	want, err := c.buildStored(target.Manifest, true)
	if err != nil {
		return nil, fmt.Errorf("find the objects of revision %d: %w", to, err)
	}
	c.definitions = definitionsOf(target.Chart)
	hooks := record.Hooks(target.Hooks)
	c.hookObjects.record(c.release, record.Hooks(last.Hooks))
	c.hookObjects.record(c.release, hooks)
	c.hookObjects.leaveOut(c.release, hooks, release.HookPreRollback, release.HookPostRollback)
	refused := fmt.Sprintf("Release `%s` was not rolled back to revision %d", name, to)
	if err := refuseTakenHooks(c, refused, hooksAt(hooks, release.HookPreRollback, release.HookPostRollback)); err != nil {
		return nil, err
	}
	if how.Within {
		if err := refuseRollbackBeyond(c, refused, hooks, want); err != nil {
			return nil, err
		}
	}
	c.buildMade(have, last.Manifest)
	return last, refuseForeign(c, refused, want)
}

// rollbackRecords is the record store of one rollback.
type rollbackRecords struct {
	driver.Driver
	last         int  // the revision before the rollback's own
	lastDeployed bool // it is recorded as deployed
	created      *release.Release
}

// Create stores the new revision and keeps it: Helm's Run goes on to change it,
// and returns an error alone.
func (r *rollbackRecords) Create(key string, rls *release.Release) error {
	if err := r.Driver.Create(key, rls); err != nil {
		return err
	}
	r.created = rls
	return nil
}

// Update stores a revision. It drops one write: a rollback that failed records
// the revision before as superseded, though it was never deployed, and whoever
// next looks for a revision to go back to would take it for a good one.
func (r *rollbackRecords) Update(key string, rls *release.Release) error {
	if rls.Version == r.last && !r.lastDeployed && rls.Info.Status == release.StatusSuperseded {
		return nil
	}
	return r.Driver.Update(key, rls)
}

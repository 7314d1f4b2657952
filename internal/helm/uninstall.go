package helm

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/helm/record"
	"github.com/berth-dev/berth/internal/result"
)

// Uninstall deletes the release's objects, with its hooks. The records stay, as
// uninstalled, until Purge: Helm would delete them even where objects are left,
// and then nothing would know of these. IgnoreNotFound stays off, since it turns
// every failed read of the records into a success.
//
// A hook that is skipped is recorded as one that succeeded: an uninstall that is cut short after
// it goes on without it.
func (o *Operations) Uninstall(ctx context.Context, how facts.Uninstall) result.Outcome {
	op, err := o.prepare(ctx, newTimeline())
	if err != nil {
		return result.Outcome{Err: err}
	}
	mapper, err := op.backend.Getter.ToRESTMapper()
	if err != nil {
		return result.Outcome{Err: err}
	}
	return o.uninstall(op, mapper, how)
}

func (o *Operations) uninstall(op *operation, mapper meta.RESTMapper, how facts.Uninstall) result.Outcome {
	c := &uninstallClient{client: op.client, told: how.Deleted, hookFailures: hookFailures{skip: how.SkipFailedHooks},
		within: how.HooksWithin, pods: how.Pods}
	u := action.NewUninstall(op.config)
	u.Wait = true
	u.KeepHistory = true
	u.Timeout = stepTimeout(op.client.operationCtx, o.opts.Timeout)
	u.DeletionPropagation = "background"
	if how.Pods {
		u.DeletionPropagation = "foreground"
	}
	out := op.run(c, func() (*release.Release, error) {
		if err := prepareUninstall(op.config.Releases, c, mapper, o.opts.Release); err != nil {
			return nil, err
		}
		res, err := u.Run(o.opts.Release)
		if res == nil {
			return nil, err
		}
		return res.Release, err
	})
	if out.Cut {
		return out // Helm's goroutine may still write to c
	}
	if out.Err != nil {
		out.Err = withReason(errors.Join(append([]error{out.Err}, c.failures...)...))
	}
	out.Missing, out.FailedHooks = c.missing, c.hookFailures.failed
	o.recorded = append(o.recorded, c.recorded...) // for an install anew, when the records are gone
	return out
}

// prepareUninstall tells the client what the release consists of, before anything
// is written or run.
func prepareUninstall(releases *storage.Storage, c *uninstallClient, mapper meta.RESTMapper, name string) error {
	rel, err := releases.Last(name)
	if err != nil {
		return fmt.Errorf("read the last revision of release %s to uninstall it: %w", name, err)
	}
	c.hookFailures.name(rel.Hooks)
	for _, h := range rel.Hooks {
		if h != nil {
			c.hooks = append(c.hooks, h.Manifest)
		}
	}
	if c.inventoried, err = inventory(rel.Manifest, mapper); err != nil {
		return fmt.Errorf("list what revision %d of release %s is made of: %w", rel.Version, name, err)
	}
	finished := skipFinishedHooks(rel)
	hooks := record.Hooks(rel.Hooks)
	c.hookObjects.record(c.release, hooks)
	c.recorded = hooks
	if c.within {
		if err := refuseHooksBeyond(c.client, fmt.Sprintf("Release `%s` was not uninstalled", name), hooks); err != nil {
			return err
		}
	}
	if err := refuseTakenHooks(c.client, fmt.Sprintf("Release `%s` was not uninstalled", name),
		hooksAt(hooks, release.HookPreDelete, release.HookPostDelete)); err != nil {
		return err
	}
	if !finished {
		return nil
	}
	if err := releases.Update(rel); err != nil {
		return fmt.Errorf("record that the pre-delete hooks of release %s have run: %w", name, err)
	}
	return nil
}

// skipFinishedHooks takes the event pre-delete from the hooks of a release whose
// uninstall was cut short after all of them had succeeded, and reports whether
// there were any. Helm would run them again, though what they need may be deleted
// by now, and then no uninstall would ever finish.
func skipFinishedHooks(rel *release.Release) bool {
	if rel.Info.Status != release.StatusUninstalling {
		return false
	}
	var finished []*release.Hook
	for _, h := range rel.Hooks {
		if h == nil || !slices.Contains(h.Events, release.HookPreDelete) {
			continue
		}
		// The last hook's success is stored when Helm begins to delete objects.
		if h.LastRun.Phase != release.HookPhaseSucceeded || h.LastRun.StartedAt.Before(rel.Info.Deleted) {
			return false
		}
		finished = append(finished, h)
	}
	for _, h := range finished {
		h.Events = slices.DeleteFunc(h.Events, func(e release.HookEvent) bool { return e == release.HookPreDelete })
	}
	return len(finished) > 0
}

package helm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/kube"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
)

// Rollback applies revision to once more, as a new revision, with its rollback
// hooks. The revision is always named: Helm's own default, the last but one,
// need not be there or be any good.
//
// It ends with a record that Helm left pending-rollback when building the
// objects or a hook failed: the caller settles it. The revision before stays as
// it was recorded, unless it was deployed.
func (r *Releases) Rollback(ctx context.Context, to int) result.Outcome {
	if to < 1 {
		return result.Outcome{Err: fmt.Errorf("roll release %s back to revision %d: there is none", r.opts.Release, to)}
	}
	seams, err := r.open(ctx)
	if err != nil {
		return result.Outcome{Err: err}
	}
	cfg, c, err := r.configuration(ctx, seams)
	if err != nil {
		return result.Outcome{Err: err}
	}
	records := &rollbackRecords{Driver: cfg.Releases.Driver}
	cfg.Releases.Driver = records
	rel, cut, err := supervise(seams.Fence, func() (*release.Release, error) {
		if err := records.foresee(cfg, c, r.opts.Release, to); err != nil {
			return nil, err
		}
		err := r.rollback(ctx, cfg, to).Run(r.opts.Release)
		return records.created, err
	})
	o := c.outcome(rel, cut, err)
	r.written = o.Revision
	return o
}

// rollback never sets CleanupOnFail, Force or Recreate: they destroy the
// evidence, replace objects and restart pods.
func (r *Releases) rollback(ctx context.Context, cfg *action.Configuration, to int) *action.Rollback {
	b := action.NewRollback(cfg)
	b.Version = to
	b.Wait = true
	b.Timeout = stepTime(ctx, r.opts.Timeout)
	b.MaxHistory = r.opts.MaxHistory
	return b
}

// rollbackRecords is the record store as one rollback sees it. Helm's Run
// returns an error and no release, so the one that it creates and goes on to
// change is kept here.
type rollbackRecords struct {
	driver.Driver
	before  int // the last revision
	served  bool
	created *release.Release
}

// Create stores the new revision.
func (s *rollbackRecords) Create(key string, rls *release.Release) error {
	if err := s.Driver.Create(key, rls); err != nil {
		return err
	}
	s.created = rls
	return nil
}

// Update stores a revision, except where a rollback that failed would call the
// one before it superseded though it never was in service: whoever next looks
// for a revision to go back to would take it for a good one.
func (s *rollbackRecords) Update(key string, rls *release.Release) error {
	if rls.Version == s.before && !s.served && rls.Info.Status == release.StatusSuperseded {
		return nil
	}
	return s.Driver.Update(key, rls)
}

// foresee refuses what Helm would find out when the new record is pending
// already (a kind that the API server does not have), or never: a rollback asks
// no object whose it is.
func (s *rollbackRecords) foresee(cfg *action.Configuration, c *client, name string, to int) error {
	last, err := cfg.Releases.Last(name)
	if err != nil {
		return fmt.Errorf("read the last revision of release %s: %w", name, err)
	}
	s.before, s.served = last.Version, last.Info.Status == release.StatusDeployed
	target, err := cfg.Releases.Get(name, to)
	if err != nil {
		return fmt.Errorf("read revision %d of release %s to roll back to it: %w", to, name, err)
	}
	have, err := c.Build(strings.NewReader(last.Manifest), false)
	if err != nil {
		return fmt.Errorf("find the objects of revision %d: %w", last.Version, err)
	}
	want, err := c.Build(strings.NewReader(target.Manifest), false)
	if err != nil {
		return fmt.Errorf("find the objects of revision %d: %w", to, err)
	}
	return c.refuseForeign(fmt.Sprintf("Release `%s` was not rolled back to revision %d", name, to), have, want)
}

// refuseForeign refuses to touch objects that belong to something else. Those
// the last revision has may also name nobody, as for an upgrade.
func (c *client) refuseForeign(refused string, have, want kube.ResourceList) error {
	objects := slices.Concat(have, want.Difference(have))
	foreign := make([]error, len(objects))
	var reads errgroup.Group
	reads.SetLimit(deleteWorkers)
	for i, info := range objects {
		reads.Go(func() error {
			owner, exists, err := liveOwner(info)
			if err != nil || !exists || owner == c.owner || owner == "" && i < len(have) {
				return err
			}
			if owner == "" {
				owner = "nobody that it names"
			}
			foreign[i] = fmt.Errorf("%s belongs to %s", refs(kube.ResourceList{info})[0], owner)
			return nil
		})
	}
	if err := reads.Wait(); err != nil {
		return c.keep(err, "read the objects that a rollback changes")
	}
	if cause := errors.Join(foreign...); cause != nil {
		return &problem.Problem{Reason: problem.NotOurs, Headline: refused + ": objects of it belong to something else.", Cause: cause,
			Next: "Give these objects back or remove them, then run again. Nothing was touched."}
	}
	return nil
}

// liveOwner reads whose an object is.
func liveOwner(info *resource.Info) (owner string, exists bool, err error) {
	live, err := resource.NewHelper(info.Client, info.Mapping).Get(info.Namespace, info.Name)
	if apierrors.IsNotFound(err) {
		return "", false, nil
	}
	name := refs(kube.ResourceList{info})[0]
	if err != nil {
		return "", false, fmt.Errorf("read %s to see whose it is: %w", name, err)
	}
	o, err := meta.Accessor(live)
	if err != nil {
		return "", false, fmt.Errorf("read the metadata of %s: %w", name, err)
	}
	return ownership.OwnerOf(o.GetLabels(), o.GetAnnotations()).String(), true, nil
}

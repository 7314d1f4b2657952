package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/berth-dev/berth/internal/fleet"
	"github.com/berth-dev/berth/internal/helm/record"
	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/kube"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
	"github.com/berth-dev/berth/internal/verb"
)

// refuseOver returns how a deploy ends that would make one review app more than max-apps, or
// nil. Nothing is changed by then. Two deploys at the same time may both find room.
func (p Process) refuseOver(ctx context.Context, out console, v verb.Verb, o *input.Options) *result.Result {
	if v != verb.Deploy && !o.DryRun || o.MaxApps == 0 {
		return nil
	}
	running, err := p.tooMany(ctx, out, o)
	if i := interruptOf(ctx); err != nil && i != nil {
		err = i
	}
	if err != nil {
		r := p.notStarted(v, err)
		return &r
	}
	if len(running) == 0 {
		return nil
	}
	r := p.notStarted(v, &problem.Problem{Reason: problem.SweepIncomplete,
		Headline: fmt.Sprintf("Not deployed: `%s` has %s already, and max-apps is %d.", o.Repository,
			text.Plural(len(running), "review app"), o.MaxApps),
		Cause: errors.New("those that run are below, the one that was deployed longest ago first"),
		Next:  "Take one of them down, by closing its pull request say, or run sweep with max-apps, which takes those deployed longest ago."})
	for _, a := range running {
		r.Evidence = append(r.Evidence, fmt.Sprintf("%s/%s: %s, deployed %s", a.Namespace, a.Release, a.Origin,
			a.Deployed.UTC().Format("2006-01-02 15:04:05 UTC")))
	}
	return &r
}

// tooMany returns the apps that leave no room for this one.
func (p Process) tooMany(ctx context.Context, out console, o *input.Options) ([]fleet.App, error) {
	t, err := newTarget(o)
	if err != nil {
		return nil, err
	}
	kind, err := record.ParseDriver(p.getenv("HELM_DRIVER"))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	conn, err := kube.Connect(ctx, p.kubeOptions(out, &notes{}, o))
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	out.progress(fmt.Sprintf("Look whether there are fewer review apps than %d", o.MaxApps))
	apps, err := newSurvey(conn, kind, "", false).read(ctx)
	return fleet.OverMax(apps, t.RepositoryHash, t.Identity, t.Namespace, o.MaxApps), err
}

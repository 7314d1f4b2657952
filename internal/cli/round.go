package cli

import (
	"context"
	"errors"
	"time"

	"github.com/berth-dev/berth/internal/apifailure"
	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/fleet"
	"github.com/berth-dev/berth/internal/helm/record"
	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/kube"
	"github.com/berth-dev/berth/internal/kube/lease"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/round"
	"github.com/berth-dev/berth/internal/text"
	"github.com/berth-dev/berth/internal/verb"
)

// mendAll repairs every review app that is stuck, and reports how that went. It is about no
// branch, whatever the event says.
func (p Process) mendAll(ctx context.Context, out console, o *input.Options) int {
	if err := errors.Join(o.Require(verb.Repair), p.checkGiven(o)); err != nil {
		return p.conclude(out, o, p.wrongInput(verb.Repair, err))
	}
	o.Branch, o.HeadRepository, o.PullRequest, o.SHA = "", "", 0, ""
	return p.goRound(ctx, out, o)
}

// goRound connects, looks at every review app over that connection, repairs what is stuck where
// the verb does, and reports how that went.
func (p Process) goRound(ctx context.Context, out console, o *input.Options) int {
	var aside notes
	connecting := p.kubeOptions(out, &aside, o)
	connecting.InFlight = sweepInFlight
	kind, err := record.ParseDriver(p.getenv("HELM_DRIVER"))
	if err != nil {
		return p.conclude(out, o, p.notStarted(o.Verb, err))
	}
	conn, err := kube.Connect(ctx, connecting)
	if err != nil {
		return p.conclude(out, o, p.notStarted(o.Verb, stoppedBy(ctx, err)))
	}
	defer conn.Close()
	limited, cancel := ctx, context.CancelFunc(func() {})
	if o.Verb == verb.List { // a repair is begun or not, and has its own timeout
		limited, cancel = context.WithTimeout(ctx, o.Timeout)
	}
	defer cancel()
	l := lister{p, out, o, newSurvey(conn, kind, oneNamespace(o), o.AllReleases), server{conn}.Now}
	r := round.Round{
		Options: round.Options{Verb: o.Verb, Repository: l.about(), Namespace: oneNamespace(o), Repair: o.All,
			Uninstalls: o.OnStuck == "uninstall"},
		Cluster: roundCluster{l, conn, kind},
		Say:     out.progress, Phase: out.phase, Stopped: stopped,
	}
	apps, ended, err := r.Run(limited)
	if err != nil {
		failed := p.notStarted(o.Verb, stoppedBy(ctx, err))
		failed.Notes = append(failed.Notes, aside.list()...)
		return p.conclude(out, o, failed)
	}
	ended.Notes, ended.Traffic = append(ended.Notes, aside.list()...), conn.Traffic()
	if len(ended.Missing) > 0 {
		ended.User = server{conn}.User(context.WithoutCancel(ctx))
		granting := grantOfMany{namespace: oneNamespace(o), own: ownOfMany(kind.Resource(), o.Verb)}
		granted, byHand := granting.grantable(ended.Round.Visits)
		ended.RBAC = granting.write(ended.User, granted)
		if byHand {
			ended.Next = text.Sentences(ended.Next, granting.nextByHand())
		}
	}
	out.debugRequests(ended)
	return l.publish(l.fleetOf(apps), &ended)
}

// stoppedBy returns the signal that ended ctx, or else the error.
func stoppedBy(ctx context.Context, err error) error {
	if i := interruptOf(ctx); i != nil {
		return i
	}
	return err
}

// roundCluster implements round.Cluster over one connection.
type roundCluster struct {
	lister
	conn *kube.Conn
	kind record.Kind
}

func (c roundCluster) Read(ctx context.Context) ([]fleet.App, error) {
	apps, err := c.survey.read(ctx)
	return c.ofRepository(apps), err
}

func (c roundCluster) Now() time.Time { return c.now() }

func (roundCluster) Clock() time.Time { return time.Now() }

func (c roundCluster) Lock(ctx context.Context, a fleet.App) (facts.Lock, error) {
	lock, err := lease.Read(ctx, c.conn.Clientset(), a.Namespace, a.Release, serverNow(c.conn)())
	return lock, apifailure.Classify(err, "read the lock of release "+a.Release)
}

func (c roundCluster) Check(ctx context.Context, a fleet.App) result.Result {
	return c.run(ctx, verb.Check, a, nil)
}

func (c roundCluster) Reread(ctx context.Context, a fleet.App) (fleet.App, bool, error) {
	return reread(ctx, c.conn, c.kind, a)
}

func (c roundCluster) Repair(ctx context.Context, a fleet.App, agree func(context.Context) error) result.Result {
	return c.run(ctx, verb.Repair, a, func(ctx context.Context, _ *facts.Facts) error { return agree(ctx) })
}

// run runs a verb on one app by the engine. What it does is a line in the log only for debugging:
// what it found is told of all of them together.
func (c roundCluster) run(ctx context.Context, v verb.Verb, a fleet.App, agree func(context.Context, *facts.Facts) error) result.Result {
	o, out := optionsOf(c.options, v, a), c.out.of(a.Namespace+"/"+a.Release)
	out.silent = !out.verbose
	var aside notes
	t, err := targetOf(o, a)
	if err != nil {
		return c.notStarted(v, err)
	}
	e, closeAll, err := c.assembleOver(ctx, c.conn, out, &aside, o, t)
	if err != nil {
		return c.notStarted(v, err)
	}
	defer closeAll()
	e.Options.Policy.OfMany, e.Backend.Agree = true, agree
	r := e.Run(ctx, v)
	c.mask.Name(publicNames(r)...)
	return r
}

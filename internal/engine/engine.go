// Package engine is the verbs' flow: gather → diagnose → plan → perform →
// gather again. It decides nothing itself (internal/verdict does) and knows
// neither Helm nor Kubernetes: it owns the small interfaces that it calls.
package engine

import (
	"context"
	"time"

	"github.com/berth-dev/berth/internal/app"
	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verb"
	"github.com/berth-dev/berth/internal/verdict"
)

// Cluster is what a run asks of the API server, outside the release's records.
// Every method returns an error that is, or wraps, a *problem.Problem where a
// run ends by it.
type Cluster interface {
	// Namespace reads the release's namespace; an absent one is no error.
	Namespace(ctx context.Context) (facts.Namespace, error)
	// CreateNamespace makes it with Berth's labels, or returns the one that
	// appeared meanwhile.
	CreateNamespace(ctx context.Context) (ns facts.Namespace, made bool, err error)
	// AdoptNamespace puts Berth's labels on one that carries none.
	AdoptNamespace(ctx context.Context, ns facts.Namespace) (facts.Namespace, error)
	// DeleteNamespace deletes that very namespace and waits until it is gone.
	DeleteNamespace(ctx context.Context, ns facts.Namespace) error
	// WaitNamespaceGone waits until that very namespace is gone.
	WaitNamespaceGone(ctx context.Context, ns facts.Namespace) error
	// Observe reads every object of a manifest, in its order.
	Observe(ctx context.Context, manifest string) ([]facts.Object, error)
	// Remove deletes objects as they were observed, and leaves and names those
	// that are others by now. With wait, it returns when they are gone.
	Remove(ctx context.Context, objects []facts.Object, wait bool) (kept []string, err error)
	// Now is the API server's own time.
	Now() time.Time
	// User is whom the API server takes us for, or "" where it won't say.
	User(ctx context.Context) string
	// Traffic is what the run has sent and received so far.
	Traffic() []result.Requests
}

// Access asks what the run may do.
type Access interface {
	// ClusterNeeds are the cluster-scoped permissions, for a namespace in this phase.
	ClusterNeeds(v verb.Verb, phase facts.NamespacePhase) []problem.Permission
	// StorageNeeds are the permissions on the record store's objects and the lock.
	StorageNeeds(v verb.Verb) []problem.Permission
	// PruneNeeds are the further permissions to delete old revisions.
	PruneNeeds() []problem.Permission
	// RenewLock is the permission among them to update the lock.
	RenewLock() problem.Permission
	// ReviewUntil asks again for as long as something required is denied and
	// wait has not passed.
	ReviewUntil(ctx context.Context, needs []problem.Permission, wait time.Duration, retry func([]problem.MissingPermission)) ([]problem.MissingPermission, error)
	// RBAC is the YAML that grants user all that any verb needs, and more.
	RBAC(user string, more []problem.Permission) string
}

// Locker is the lock on the release.
type Locker interface {
	// Acquire waits for the lock. It returns the lock as it was found, and a
	// nil Held where Leases may not be used.
	Acquire(ctx context.Context, expect LockExpected, waiting func(holder string, since time.Time)) (Held, facts.Lock, error)
	// Read looks at the lock and takes nothing.
	Read(ctx context.Context) (facts.Lock, error)
}

// LockExpected is what is known of the lock before it is asked for.
type LockExpected struct {
	Absent    bool // nobody has had a place to make it yet
	Renewable bool // who has made it may update it, too
}

// Held is a lock that is held and renewed.
type Held interface {
	// Lost is closed when somebody else has it.
	Lost() <-chan struct{}
	// Live says that nobody else can have it for a while. Nothing may be
	// settled without.
	Live() bool
	// Trouble is why the last renewal got no usable answer, or nil. A lock that
	// ran out over it is not known to be anybody else's.
	Trouble() error
	// End writes how the attempt ended and lets the lock go.
	End(ctx context.Context, a facts.Attempt) error
	// Remove deletes the lock of a release that is no more.
	Remove(ctx context.Context) error
	// ExpectRemoval says that the namespace is about to go, and the lock with it.
	ExpectRemoval()
}

// Releases performs Helm operations and reads and settles records.
type Releases interface {
	Fetch(ctx context.Context) error
	// Refresh forgets what was asked of the API server ahead of a wait for others.
	Refresh()
	Render(ctx context.Context, revision int, upgrade bool) error
	// Begin stamps the records that follow with when this run is over at the latest.
	Begin(deadline time.Time)
	// Perform installs or upgrades. failed are the manifests of the revisions that
	// failed since the one that is deployed, oldest first.
	Perform(ctx context.Context, mode facts.DeployMode, failed []string) result.Outcome
	// Rollback applies a stored revision anew, as a new revision.
	Rollback(ctx context.Context, to int) result.Outcome
	Uninstall(ctx context.Context) result.Outcome
	Purge(ctx context.Context) error
	Records(ctx context.Context) ([]facts.Record, error)
	Load(ctx context.Context, rec *facts.Record) error
	// Settle, Relabel, Discard and Quarantine write only over what was seen: a
	// record that changed since is an error that wraps facts.ErrChanged.
	Settle(ctx context.Context, rec *facts.Record, status facts.Status, description string) error
	// Relabel writes the labels by which Helm finds a record anew.
	Relabel(ctx context.Context, rec *facts.Record) error
	// Discard deletes one record.
	Discard(ctx context.Context, rec *facts.Record) error
	// Quarantine moves a record to where Helm does not look, and says where.
	Quarantine(ctx context.Context, rec *facts.Record) (copied string, err error)
	// DiscardQuarantined removes what was moved there of a release that is gone.
	DiscardQuarantined(ctx context.Context) error
	// Changed returns when any record of the release changes, or with ctx's error.
	Changed(ctx context.Context) error
	Others(ctx context.Context) ([]string, error)
	Audit() []result.Write
	WriteFailure() error
}

// Runs asks the CI about its runs.
type Runs interface {
	// State is what the CI says of the run with this URL, which is untrusted text.
	// Without a token or a clear answer, that is RunUnknown.
	State(ctx context.Context, url string) facts.RunState
}

// Options are the run's settings, validated.
type Options struct {
	App             app.App
	Branch          string
	Run             string // hash of run URL and attempt
	Timeout         time.Duration
	LockTimeout     time.Duration
	CheckTimeout    time.Duration
	RBACWait        time.Duration
	Confirm         int
	MaxHistory      int
	CreateNamespace bool
	Adopt           bool
	Preflight       bool
	Policy          verdict.Policy
}

// Engine runs the verbs on one release.
type Engine struct {
	Options  Options
	Cluster  Cluster
	Access   Access
	Locker   Locker
	Releases Releases
	Runs     Runs
	Clock    func() time.Time
	Say      func(line string) // progress; one line, trusted text
}

// Deploy brings the chart onto the cluster and proves that it is there.
func (e *Engine) Deploy(ctx context.Context) result.Result { return e.run(ctx, verb.Deploy, deploy) }

// Check proves what is there, and never writes.
func (e *Engine) Check(ctx context.Context) result.Result { return e.run(ctx, verb.Check, check) }

// Repair mends a stuck record and deploys nothing.
func (e *Engine) Repair(ctx context.Context) result.Result { return e.run(ctx, verb.Repair, repair) }

// Teardown takes the release, and the namespace that Berth made, away.
func (e *Engine) Teardown(ctx context.Context) result.Result {
	return e.run(ctx, verb.Teardown, teardown)
}

// Preflight asks what a deploy would need and changes nothing.
func (e *Engine) Preflight(ctx context.Context) result.Result {
	return e.run(ctx, verb.Preflight, preflight)
}

func (e *Engine) run(ctx context.Context, v verb.Verb, flow func(context.Context, *run) error) result.Result {
	r := &run{Engine: e, started: e.Clock()}
	r.result = result.Result{
		Subject: result.Subject{Verb: v, App: e.Options.App.App, Branch: e.Options.Branch, URL: e.Options.App.URL, Namespace: e.Options.App.Namespace, Release: e.Options.App.Release},
		Log:     result.Log{Started: r.started},
	}
	err := flow(ctx, r)
	return r.finish(ctx, err)
}

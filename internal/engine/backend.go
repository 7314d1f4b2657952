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

// Options are the run's settings, validated.
type Options struct {
	App             app.App
	Branch          string // untrusted text
	Flags           string // by which another run finds the same release, quoted for a shell
	Run             string // hash of the run's URL and attempt
	Timeout         time.Duration
	LockTimeout     time.Duration
	CheckTimeout    time.Duration
	RBACWait        time.Duration
	Confirm         int // how many good looks in a row prove consistency
	MaxHistory      int // how many revisions Helm keeps; 0: all
	CreateNamespace bool
	WaitIgnore      []string      // of which objects it does not matter whether they are ready
	Chart           bool          // a chart is given, of which preflight looks at the objects, too
	Full            bool          // ask for what the chart's own objects take as well, before the first write
	For             string        // another account, of which preflight writes what it needs; empty: none
	Copies          bool          // Secrets of other namespaces are to be copied
	Quota           bool          // a quota is to be applied
	Test            bool          // run the chart's tests after a deploy
	Probe           time.Duration // how long the URL may take to answer as it should; 0: it is not asked
	Preflight       bool          // ask for permissions before the first write
	BreakLock       bool          // take a lock that nobody renews, whatever it claims
	SkipFailedHooks bool          // of a teardown: a hook that fails does not keep the rest
	Policy          verdict.Policy
	Remains         verdict.RemainPolicy // of a teardown
}

// Backend is everything outside the engine that a run calls. Every error is, or
// wraps, a *problem.Problem where the run ends by it.
type Backend struct {
	// Begun is called once the run holds the lock, and from then on is the one that
	// changes the release. It returns at once. Nil: nobody wants to know.
	Begun func()
	// Agree is called by a teardown and a repair once it holds the lock and knows the release, before Begun and
	// before anything is changed. The run ends by its error, and has changed nothing then. Nil
	// agrees.
	Agree      func(ctx context.Context, f *facts.Facts) error
	Server     Server
	Namespaces Namespaces
	Objects    Objects
	Access     Access
	Needs      Needs
	Companions Companions
	Locker     Locker
	Chart      Chart
	Operations Operations
	Records    Records
	Runs       Runs
	URL        URL
	Clock      func() time.Time
	Say        func(line string)  // shows progress; one line of trusted text
	Phase      func(title string) // the same, for what the progress belongs to that follows
}

// Server is what is asked of the API server about itself and about this run.
type Server interface {
	// Now returns the API server's own time: the earliest that it can be, by which to
	// judge whether the time of another run is over.
	Now() time.Time
	// Latest returns the latest that it can be, from which this run's own time is
	// counted for others to judge.
	Latest() time.Time
	// User returns whom the API server takes this run for, or "" where it does
	// not say.
	User(ctx context.Context) string
	// Traffic returns what the run has sent and received so far.
	Traffic() []result.Requests
}

// Namespaces reads and changes the release's namespace.
type Namespaces interface {
	// Namespace reads it. An absent one is no error.
	Namespace(ctx context.Context) (facts.Namespace, error)
	// CreateNamespace creates it with Berth's labels, or returns the one that
	// somebody else created meanwhile.
	CreateNamespace(ctx context.Context) (ns facts.Namespace, made bool, err error)
	// AdoptNamespace writes Berth's labels on one that carries none.
	AdoptNamespace(ctx context.Context, ns facts.Namespace) (facts.Namespace, error)
	// StampNamespace notes on one of Berth's that this run is about to deploy there and,
	// with share, that more than one branch has. The error wraps facts.ErrChanged where
	// the namespace is gone.
	StampNamespace(ctx context.Context, ns facts.Namespace, share bool) (facts.Namespace, error)
	// ConfirmNamespace notes that once more, in other words. Its error is as StampNamespace's.
	ConfirmNamespace(ctx context.Context, ns facts.Namespace) (facts.Namespace, error)
	// Residents returns what in the namespace is to be kept or was made by a person, and
	// the resources that may not be listed.
	Residents(ctx context.Context) (residents []facts.Resident, unlisted []string, err error)
	// Volumes returns what the claims in the namespace are bound to; with of, NAMESPACE/RELEASE, those
	// of that release alone.
	Volumes(ctx context.Context, of string) ([]facts.Volume, error)
	// DeleteNamespace deletes the namespace as it was read and waits until it is gone. The
	// error wraps facts.ErrChanged where it was written to since.
	DeleteNamespace(ctx context.Context, ns facts.Namespace) error
	// WaitNamespaceGone waits until the namespace with this UID is gone.
	WaitNamespaceGone(ctx context.Context, ns facts.Namespace) error
	// Going returns what is left in the namespace with this UID while it is being deleted.
	Going(ctx context.Context, ns facts.Namespace) (facts.Going, error)
}

// Objects reads and deletes the objects of a release.
type Objects interface {
	// Observe reads every object of a manifest, in the manifest's order. It returns
	// what it could read with a problem of missing permissions, too.
	Observe(ctx context.Context, manifest string) ([]facts.Object, error)
	// Claims returns the claims that exist and bear the names which the StatefulSets
	// of a manifest within the scope give to theirs.
	Claims(ctx context.Context, manifest string, scope facts.ClaimScope) ([]facts.Claim, error)
	// ClaimantsBeyond returns the StatefulSets of a manifest that have claims, and are out of the scope.
	ClaimantsBeyond(manifest string, scope facts.ClaimScope) []facts.Ref
	// NamedLater returns, for each of these manifests, oldest first, those of its objects that
	// a later one names, as a pod does its claim, and that the last one does not have.
	NamedLater(manifests []string) [][]facts.Named
	// Inside returns why an object that takes along what is in it is not to be deleted, as
	// the end of a sentence: others have something in it. "" for nothing, and for an object
	// of any other kind.
	Inside(ctx context.Context, object facts.Ref) (why string, err error)
	// Foresee says what is known of the release's end, before anything of it is deleted.
	Foresee(f facts.Foresight)
	// Diagnose finds out why objects are not ready: their pods' reasons, events and
	// logs, as far as they may be read. It runs also when ctx has ended.
	Diagnose(ctx context.Context, unready []facts.Object) *result.Diagnostics
	// Remove deletes objects as they were observed. It leaves those that changed
	// hands since, and says why. With wait it returns once the others are gone.
	Remove(ctx context.Context, objects []facts.Object, wait bool) (kept []string, err error)
	// GoingOf returns those of the objects that are being deleted and have not gone.
	GoingOf(ctx context.Context, objects []facts.Object) (facts.Going, error)
	// Strip takes off the finalizers of an object that is being deleted, as it was read, but for
	// those of Kubernetes' garbage collector, and returns which. One that has changed since is left.
	Strip(ctx context.Context, b facts.Blocker) (finalizers []string, err error)
}

// Access asks what the run may do.
type Access interface {
	// ClusterNeeds returns the cluster-scoped permissions that a verb needs, for a
	// namespace in this phase.
	ClusterNeeds(v verb.Verb, phase facts.NamespacePhase) []problem.Permission
	// StorageNeeds returns the permissions on the records and the lock.
	StorageNeeds(v verb.Verb) []problem.Permission
	// PruneNeeds returns the further permissions to delete old revisions.
	PruneNeeds() []problem.Permission
	// RenewLock returns the permission among them to update the lock.
	RenewLock() problem.Permission
	// ReviewUntil returns the needs that are denied. It asks again until none of
	// the required ones is, or wait has passed, and calls retry before each time.
	ReviewUntil(ctx context.Context, needs []problem.Permission, wait time.Duration,
		retry func([]problem.MissingPermission)) ([]problem.MissingPermission, error)
	// ReviewNeeds returns the needs that are denied, and those that nobody may ask about. It asks
	// again as ReviewUntil does.
	ReviewNeeds(ctx context.Context, needs []problem.Need, wait time.Duration, retry func([]problem.MissingPermission)) (
		missing []problem.MissingPermission, unknown []problem.Permission, err error)
	// SourceNeeds returns the permissions to read the Secrets that are to be copied.
	SourceNeeds() []problem.Permission
	// CompanionNeeds returns the permissions that a verb needs for companions in the namespace,
	// beside those on the records.
	CompanionNeeds(v verb.Verb, copies, quota bool) []problem.Permission
	// RBAC returns the YAML that grants user all that any verb needs, and more. With whole, that is all that the
	// chart takes, and replaces what was applied before; else it adds to that.
	RBAC(user string, more []problem.Permission, whole bool) string
}

// Needs works out what the objects of a chart take.
type Needs interface {
	// OfLife returns what the chart takes, as it was rendered last, until its release is gone.
	OfLife(ctx context.Context) (problem.Needs, error)
	// OfDeploy returns what it takes to bring it over a stored revision; nil: there is none.
	OfDeploy(ctx context.Context, before *facts.Record) (problem.Needs, error)
	// OfRollback returns what it takes to bring a stored revision back over another one.
	OfRollback(ctx context.Context, from, to *facts.Record) (problem.Needs, error)
	// OfTeardown returns what it takes to remove a stored revision.
	OfTeardown(ctx context.Context, stored *facts.Record) (problem.Needs, error)
}

// Companions is what Berth itself puts beside a release. A write to one that is not any more as
// it was looked at fails with an error that wraps facts.ErrChanged.
type Companions interface {
	// Conceal reads the copies that there are in the namespace, so that nothing of them is shown
	// that others quote.
	Conceal(ctx context.Context) error
	// Sources reads the Secrets that are to be copied. One that is not there is no error.
	Sources(ctx context.Context) ([]facts.Source, error)
	// Look returns what stands under the names of those that are wanted, and which others there
	// are in the namespace.
	Look(ctx context.Context, s facts.CompanionScope) (wanted, others []facts.Companion, err error)
	// Write makes one, or writes what is wanted over it.
	Write(ctx context.Context, c facts.Companion, releases []string) error
	// Share notes on one for which releases it is there.
	Share(ctx context.Context, c facts.Companion, releases []string) error
	// Remove deletes one.
	Remove(ctx context.Context, c facts.Companion) error
	// Enforced waits until Kubernetes counts by one. It returns false where that takes too long.
	Enforced(ctx context.Context, c facts.Companion) (bool, error)
}

// Chart is the chart to deploy.
type Chart interface {
	// Fetch brings the chart and its values into memory. It needs no permission.
	Fetch(ctx context.Context) error
	// ChartName returns the name of the chart that was fetched, or "".
	ChartName() string
	// Refresh forgets what the API server offers, by which a chart is rendered.
	Refresh()
	// Render renders the chart as Helm will for this revision, and writes nothing. It
	// returns the chart's hooks.
	Render(ctx context.Context, revision int, upgrade bool) ([]facts.Hook, error)
	// MakesSecret returns whether it has rendered a Secret of this name, as a hook or not.
	MakesSecret(name string) bool
}

// Operations performs Helm's operations on the release.
type Operations interface {
	// Begin stamps the records that follow with the latest end of this run.
	Begin(deadline time.Time)
	// Expect sets what the records tell of the objects that are there.
	Expect(e facts.Expected)
	// Perform installs or upgrades. failed are the manifests of the revisions that
	// failed since the one that is deployed, oldest first.
	Perform(ctx context.Context, mode facts.DeployMode, failed []string) result.Outcome
	// Preview tells what Perform would make of the objects, and changes nothing.
	Preview(ctx context.Context, deploy facts.Preview) (*result.Changes, error)
	// Rollback applies a stored revision anew, as a new revision.
	Rollback(ctx context.Context, how facts.Rollback) result.Outcome
	// Uninstall runs the delete hooks and deletes the release's objects.
	Uninstall(ctx context.Context, how facts.Uninstall) result.Outcome
	// Test runs the tests of the last revision. Applied is of no meaning then.
	Test(ctx context.Context) result.Outcome
	// WriteFailure returns the error of the last write of a record, which Helm
	// may have swallowed.
	WriteFailure() error
}

// Records reads and writes the stored records of the release. A write to a record
// that has changed since it was read fails with an error that wraps
// facts.ErrChanged.
type Records interface {
	// Records lists the metadata of every record, by revision.
	Records(ctx context.Context) ([]facts.Record, error)
	// Load reads a record's payload into it.
	Load(ctx context.Context, rec *facts.Record) error
	// Settle writes a status into a record.
	Settle(ctx context.Context, rec *facts.Record, status facts.Status, description string) error
	// Accept writes what is known to differ from a record's manifest into it.
	Accept(ctx context.Context, rec *facts.Record, b facts.Baseline) error
	// Relabel writes the labels by which Helm finds a record anew.
	Relabel(ctx context.Context, rec *facts.Record) error
	// Discard deletes one record.
	Discard(ctx context.Context, rec *facts.Record) error
	// Quarantine moves a record to where Helm does not look, and says where.
	Quarantine(ctx context.Context, rec *facts.Record) (copied string, err error)
	// DiscardQuarantined deletes the quarantined records of a release that is gone.
	DiscardQuarantined(ctx context.Context) error
	// Purge deletes every record, or none where there is one that is not among the known:
	// somebody has deployed since. The error wraps facts.ErrChanged then.
	Purge(ctx context.Context, known []facts.Record) error
	// Changed returns when any record of the release changes, or with ctx's error.
	Changed(ctx context.Context) error
	// Others returns the other releases with a record in the namespace, whichever driver
	// keeps it, and the resources that may not be listed for that. Where this one's records
	// are gone, a record of it counts, too: somebody has deployed it since.
	Others(ctx context.Context, gone bool) (releases []facts.Neighbour, unlisted []string, err error)
	// Elsewhere returns the resource in which Helm's other driver keeps records, and whether it has any of the
	// release, or may not be listed.
	Elsewhere(ctx context.Context) (resource string, has, denied bool, err error)
	// Audit returns every write of this run and what became of it.
	Audit() []result.Write
}

// URL asks the review app's URL.
type URL interface {
	// Answers asks until the answer is as it should be, and returns what was seen.
	Answers(ctx context.Context) (seen string, err error)
}

// Runs asks the CI about its runs.
type Runs interface {
	// State returns what the CI says of the run with this URL, which is untrusted
	// text. Without a token or a clear answer, that is RunUnknown.
	State(ctx context.Context, url string) facts.RunState
	// Later returns how the run with this URL is later than this one. Where nothing
	// tells, it is not.
	Later(url string) facts.Lateness
	// Ended returns whether a pull request of this run's branch is closed. Where nothing
	// tells, it is not.
	Ended(ctx context.Context, pullRequest int) bool
}

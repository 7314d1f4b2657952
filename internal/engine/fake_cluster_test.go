package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verb"
)

// calls counts the calls of a fake by method, and lets a test answer one of them
// with an error or do something before it.
type calls struct {
	mu     sync.Mutex
	count  map[string]int
	before map[string]func(n int) error
}

// fail makes every call of a method from the first-th on fail.
func (c *calls) fail(method string, first int, err error) {
	c.on(method, func(n int) error {
		if n >= first {
			return err
		}
		return nil
	})
}

// on calls do before each call of a method; its error is the method's.
func (c *calls) on(method string, do func(n int) error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.before == nil {
		c.before = map[string]func(int) error{}
	}
	c.before[method] = do
}

func (c *calls) enter(ctx context.Context, method string) error {
	c.mu.Lock()
	if c.count == nil {
		c.count = map[string]int{}
	}
	c.count[method]++
	n, do := c.count[method], c.before[method]
	c.mu.Unlock()
	if do != nil {
		if err := do(n); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return &problem.Problem{Reason: problem.Unanswered, Tried: method, Cause: context.Cause(ctx), Next: "Run again."}
	}
	return nil
}

// times returns how often a method was called.
func (c *calls) times(method string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.count[method]
}

// fakeCluster is a namespace with objects. A manifest such as "v2: web db" names
// objects; one without a colon names "web" alone.
type fakeCluster struct {
	calls
	ns       facts.Namespace
	live     map[string]facts.Object // by name
	claims   []facts.Claim           // of StatefulSets; Remove deletes them, too
	conflict []string                // what Remove keeps
	inside   map[string]string       // what others have in an object, by its kind

	residents []facts.Resident
	unlisted  []string
	volumes   []facts.Volume
	volumesOf string // whose were asked for last
	shared    []bool // what each stamp said
	foreseen  []facts.Foresight
	going     facts.Going // what is left of what is being deleted
	stripped  chan struct{}
}

func newFakeCluster() *fakeCluster {
	return &fakeCluster{
		ns:   facts.Namespace{Name: "review", UID: "u1", Phase: facts.NamespaceActive, Labelled: true, Ours: true, Identity: "me"},
		live: map[string]facts.Object{},
	}
}

// namesIn returns the objects that a manifest names.
func namesIn(manifest string) []string {
	_, list, ok := strings.Cut(manifest, ":")
	switch {
	case strings.TrimSpace(manifest) == "":
		return nil
	case !ok:
		return []string{"web"}
	}
	return strings.Fields(list)
}

// healthy is an object of the release that is ready.
func healthy(name string) facts.Object {
	return facts.Object{Ref: facts.Ref{Kind: "Deployment", Namespace: "review", Name: name}, Exists: true, Owned: true, Ready: true}
}

// put makes objects exist as given.
func (c *fakeCluster) put(objects ...facts.Object) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, o := range objects {
		c.live[o.Name] = o
	}
}

// edit changes a live object.
func (c *fakeCluster) edit(name string, change func(*facts.Object)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	o := c.live[name]
	change(&o)
	c.live[name] = o
}

// delete removes objects.
func (c *fakeCluster) delete(names ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, n := range names {
		delete(c.live, n)
	}
}

// there lists the names of the live objects.
func (c *fakeCluster) there() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var names []string
	for n := range c.live {
		names = append(names, n)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func (c *fakeCluster) Now() time.Time    { return time.Now() }
func (c *fakeCluster) Latest() time.Time { return time.Now() }

func (c *fakeCluster) User(context.Context) string { return "system:serviceaccount:review:deployer" }

func (c *fakeCluster) Traffic() []result.Requests { return nil }

func (c *fakeCluster) Namespace(ctx context.Context) (facts.Namespace, error) {
	err := c.enter(ctx, "Namespace")
	return c.ns, err
}

func (c *fakeCluster) CreateNamespace(ctx context.Context) (facts.Namespace, bool, error) {
	if err := c.enter(ctx, "CreateNamespace"); err != nil {
		return c.ns, false, err
	}
	made := c.ns.Phase == facts.NamespaceAbsent
	if made {
		c.ns = newFakeCluster().ns
	}
	return c.ns, made, nil
}

func (c *fakeCluster) AdoptNamespace(ctx context.Context, ns facts.Namespace) (facts.Namespace, error) {
	err := c.enter(ctx, "AdoptNamespace")
	if err == nil {
		c.ns.Labelled, c.ns.Ours, c.ns.Identity = true, true, "me"
		ns = c.ns
	}
	return ns, err
}

func (c *fakeCluster) StampNamespace(ctx context.Context, ns facts.Namespace, share bool) (facts.Namespace, error) {
	if err := c.enter(ctx, "StampNamespace"); err != nil {
		return ns, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shared = append(c.shared, share)
	if share {
		c.ns.Shared = true
	}
	return c.ns, nil
}

func (c *fakeCluster) ConfirmNamespace(ctx context.Context, ns facts.Namespace) (facts.Namespace, error) {
	if err := c.enter(ctx, "ConfirmNamespace"); err != nil {
		return ns, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ns, nil
}

func (c *fakeCluster) Residents(ctx context.Context) ([]facts.Resident, []string, error) {
	err := c.enter(ctx, "Residents")
	return slices.Clone(c.residents), slices.Clone(c.unlisted), err
}

func (c *fakeCluster) Volumes(ctx context.Context, of string) ([]facts.Volume, error) {
	err := c.enter(ctx, "Volumes")
	c.volumesOf = of
	return slices.DeleteFunc(slices.Clone(c.volumes), func(v facts.Volume) bool { return of != "" && v.Owner != of }), err
}

func (c *fakeCluster) DeleteNamespace(ctx context.Context, _ facts.Namespace) error {
	err := c.enter(ctx, "DeleteNamespace")
	if err == nil {
		c.ns = facts.Namespace{Name: "review", Phase: facts.NamespaceAbsent}
		c.live = map[string]facts.Object{}
	}
	return err
}

// WaitNamespaceGone ends as the test says, and else when ctx does.
func (c *fakeCluster) WaitNamespaceGone(ctx context.Context, _ facts.Namespace) error {
	if err := c.enter(ctx, "WaitNamespaceGone"); err != nil {
		return err
	}
	if c.ns.Phase == facts.NamespaceAbsent {
		return nil
	}
	select {
	case <-c.stripped: // or nil
		return nil
	case <-ctx.Done():
	}
	return &problem.Problem{Reason: problem.NamespaceTerminating, Tried: "wait until the namespace is gone", Cause: context.Cause(ctx),
		Next: "Remove what blocks it."}
}

func (c *fakeCluster) Going(ctx context.Context, _ facts.Namespace) (facts.Going, error) {
	err := c.enter(ctx, "Going")
	return c.going, err
}

func (c *fakeCluster) GoingOf(ctx context.Context, _ []facts.Object) (facts.Going, error) {
	err := c.enter(ctx, "GoingOf")
	return c.going, err
}

// Strip takes off all finalizers of an object, so that the namespace goes.
func (c *fakeCluster) Strip(ctx context.Context, b facts.Blocker) ([]string, error) {
	if err := c.enter(ctx, "Strip"); err != nil {
		return nil, err
	}
	c.going = facts.Going{}
	close(c.stripped)
	return b.Finalizers, nil
}

func (c *fakeCluster) Diagnose(_ context.Context, unready []facts.Object) *result.Diagnostics {
	for i := range unready {
		unready[i].Reason += "; pod " + unready[i].Name + "-1: it crashes"
	}
	return &result.Diagnostics{Reason: unready[0].Reason, Objects: unready}
}

func (c *fakeCluster) Observe(ctx context.Context, manifest string) ([]facts.Object, error) {
	if err := c.enter(ctx, "Observe"); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var objects []facts.Object
	for _, name := range namesIn(manifest) {
		o, ok := c.live[name]
		if !ok {
			o = facts.Object{Ref: healthy(name).Ref}
		}
		objects = append(objects, o)
	}
	return objects, nil
}

func (c *fakeCluster) Foresee(f facts.Foresight) { c.foreseen = append(c.foreseen, f) }

// NamedLater finds nothing: the manifests of these tests name no objects.
func (c *fakeCluster) NamedLater(manifests []string) [][]facts.Named {
	return make([][]facts.Named, len(manifests))
}

// Inside returns what the test says that others have in an object of that kind.
func (c *fakeCluster) Inside(ctx context.Context, ref facts.Ref) (string, error) {
	if err := c.enter(ctx, "Inside"); err != nil {
		return "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.inside[ref.Kind], nil
}

func (c *fakeCluster) Claims(ctx context.Context, _ string, _ facts.ClaimScope) ([]facts.Claim, error) {
	err := c.enter(ctx, "Claims")
	return slices.Clone(c.claims), err
}

func (c *fakeCluster) ClaimantsBeyond(string, facts.ClaimScope) []facts.Ref { return nil }

func (c *fakeCluster) Remove(ctx context.Context, objects []facts.Object, _ bool) ([]string, error) {
	if err := c.enter(ctx, "Remove"); err != nil {
		return nil, err
	}
	for _, o := range objects {
		if !slices.Contains(c.conflict, o.Name) {
			c.delete(o.Name)
			c.claims = slices.DeleteFunc(c.claims, func(claim facts.Claim) bool { return claim.Name == o.Name })
		}
	}
	return c.conflict, nil
}

// fakeAccess denies permissions by verb and resource, such as "update secrets".
type fakeAccess struct {
	lists bool // the records are Secrets, which are listed
	calls
	denied   map[string]bool
	unknown  map[string]bool // nobody may ask
	optional map[string]bool
}

func (a *fakeAccess) need(what string) problem.Permission {
	action, resource, _ := strings.Cut(what, " ")
	return problem.Permission{Verb: action, Resource: resource, Namespace: "review", Why: "keep the release", Optional: a.optional[what]}
}

func (a *fakeAccess) ClusterNeeds(_ verb.Verb, phase facts.NamespacePhase) []problem.Permission {
	if phase == facts.NamespaceAbsent {
		return []problem.Permission{a.need("create namespaces")}
	}
	return []problem.Permission{a.need("get namespaces")}
}

func (a *fakeAccess) StorageNeeds(v verb.Verb) []problem.Permission {
	needs := []problem.Permission{a.need("update secrets"), a.RenewLock()}
	if a.lists {
		needs = append(needs, a.need("list secrets"))
	}
	if verb.Of(v).Removes {
		needs = append(needs, a.need("delete secrets"))
	}
	return needs
}

func (a *fakeAccess) PruneNeeds() []problem.Permission {
	return []problem.Permission{a.need("delete secrets")}
}

func (a *fakeAccess) RenewLock() problem.Permission { return a.need("update leases") }

func (a *fakeAccess) ReviewUntil(ctx context.Context, needs []problem.Permission, wait time.Duration,
	retry func([]problem.MissingPermission)) ([]problem.MissingPermission, error) {
	for until := time.Now().Add(wait); ; {
		if err := a.enter(ctx, "ReviewUntil"); err != nil {
			return nil, err
		}
		var missing []problem.MissingPermission
		for _, n := range needs {
			if a.denied[n.Verb+" "+n.Resource] {
				missing = append(missing, problem.MissingPermission{Permission: n, Reason: "RBAC"})
			}
		}
		if len(required(missing)) == 0 || !time.Now().Before(until) {
			return missing, nil
		}
		retry(missing)
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func (a *fakeAccess) ReviewNeeds(ctx context.Context, needs []problem.Need, wait time.Duration,
	retry func([]problem.MissingPermission)) ([]problem.MissingPermission, []problem.Permission, error) {
	if err := a.enter(ctx, "ReviewNeeds"); err != nil {
		return nil, nil, err
	}
	var asked, unknown []problem.Permission
	for _, n := range needs {
		if a.unknown[n.Verb+" "+n.Resource] {
			unknown = append(unknown, n.Permission)
			continue
		}
		asked = append(asked, n.Permission)
	}
	missing, err := a.ReviewUntil(ctx, asked, wait, retry)
	for i, m := range missing {
		missing[i].HandedOn = slices.ContainsFunc(needs, func(n problem.Need) bool { return n.HandsOn && n.SameAs(m.Permission) })
		missing[i].Guessed = slices.ContainsFunc(needs, func(n problem.Need) bool { return n.Guessed && n.SameAs(m.Permission) })
	}
	return missing, unknown, err
}

func (a *fakeAccess) RBAC(user string, more []problem.Permission, whole bool) string {
	return fmt.Sprintf("kind: Role # for %s, %d more, whole: %t", user, len(more), whole)
}

// fakeNeeds is what a chart takes: the same whatever is done.
type fakeNeeds struct {
	all    problem.Needs
	before *int // the revision that the last deploy was to go over, 0 for none; nil: nobody asks for it
}

func (n fakeNeeds) OfLife(context.Context) (problem.Needs, error) { return n.all, nil }

func (n fakeNeeds) OfDeploy(_ context.Context, before *facts.Record) (problem.Needs, error) {
	if n.before != nil && before != nil {
		*n.before = before.Revision
	}
	return n.all, nil
}

func (n fakeNeeds) OfRollback(context.Context, *facts.Record, *facts.Record) (problem.Needs, error) {
	return n.all, nil
}

func (n fakeNeeds) OfTeardown(context.Context, *facts.Record) (problem.Needs, error) {
	return n.all, nil
}

// fakeLocker is the lock. Acquire waits while another run holds it.
type fakeLocker struct {
	calls
	found  facts.Lock
	busy   time.Duration // how long another run holds it
	none   bool          // Leases may not be used
	held   fakeHeld
	expect LockExpected // of the last Acquire
	noted  facts.Standing
}

func (l *fakeLocker) Acquire(ctx context.Context, expect LockExpected, waiting func(string, time.Time)) (Held, facts.Lock, error) {
	l.expect = expect
	if err := l.enter(ctx, "Acquire"); err != nil {
		return nil, facts.Lock{}, err
	}
	if l.none {
		return nil, facts.Lock{State: facts.LockUnusable}, nil
	}
	if l.busy > 0 {
		waiting("another run", time.Now())
		select {
		case <-time.After(l.busy):
		case <-ctx.Done():
			return nil, facts.Lock{}, context.Cause(ctx)
		}
	}
	return &l.held, l.found, nil
}

func (l *fakeLocker) Note(_ context.Context, s facts.Standing) { l.noted = s }

func (l *fakeLocker) Read(ctx context.Context) (facts.Lock, error) {
	return l.found, l.enter(ctx, "Read")
}

// fakeHeld is the lock that the run holds. Another goroutine may take it away.
type fakeHeld struct {
	calls
	lost     chan struct{}
	dead     atomic.Bool // it ran out
	trouble  error       // of the last renewal; written before dead is
	ended    *facts.Attempt
	standing facts.Standing
	removed  bool
	expected bool // its removal
}

// expire lets the lock run out.
func (h *fakeHeld) expire() { h.dead.Store(true) }

// lose lets another run take the lock.
func (h *fakeHeld) lose(trouble error) {
	h.trouble = trouble
	h.expire()
	close(h.lost)
}

func (h *fakeHeld) Lost() <-chan struct{} { return h.lost }
func (h *fakeHeld) Live() bool            { return !h.dead.Load() }
func (h *fakeHeld) Trouble() error        { return h.trouble }
func (h *fakeHeld) ExpectRemoval()        { h.expected = true }

func (h *fakeHeld) End(ctx context.Context, a facts.Attempt, s facts.Standing) error {
	if err := h.enter(ctx, "End"); err != nil {
		return err
	}
	h.ended, h.standing = &a, s
	return nil
}

func (h *fakeHeld) Remove(ctx context.Context) error {
	err := h.enter(ctx, "Remove")
	h.removed = err == nil
	return err
}

// fakeChart is the chart. It notes for which revision it was rendered.
type fakeChart struct {
	calls
	name       string
	renderings []rendering
	hooks      []facts.Hook
	secret     string // the name of one that it makes
}

func (c *fakeChart) MakesSecret(name string) bool { return name == c.secret }

func (c *fakeChart) Fetch(ctx context.Context) error { return c.enter(ctx, "Fetch") }
func (c *fakeChart) Refresh()                        { _ = c.enter(context.Background(), "Refresh") }
func (c *fakeChart) ChartName() string               { return c.name }

func (c *fakeChart) Render(ctx context.Context, revision int, upgrade bool) ([]facts.Hook, error) {
	if err := c.enter(ctx, "Render"); err != nil {
		return nil, err
	}
	c.renderings = append(c.renderings, rendering{revision, upgrade})
	return c.hooks, nil
}

// fakeHelm performs operations on the fake records and the fake cluster, as Helm
// does: a pending record, the objects, the record's end.
type fakeHelm struct {
	*fakeRecords
	cluster    *fakeCluster
	manifest   string          // of the chart; "v%d: web" with the revision if empty
	fault      string          // of the next operation; see operate
	during     func()          // called once the record is pending, before the objects
	out        result.Outcome  // merged into what is returned
	how        facts.Uninstall // the last of these
	asked      []string        // the operations, such as "upgrade" and "rollback 1"
	failed     []string        // the manifests of failed revisions that came along
	left       map[string]bool // objects that an uninstall does not delete
	spares     map[string]bool // objects that an uninstall leaves on purpose
	err        error           // of an operation that fails; errObjects if nil
	preview    *result.Changes
	previewErr error
	expected   facts.Baseline // as the last operation was told
	unswept    bool           // the same
	tests      int            // of the chart
	testErr    error          // with which a test fails
}

// Expect keeps what the operations have to expect.
func (h *fakeHelm) Expect(e facts.Expected) { h.expected, h.unswept = e.Left, e.Unswept }

func (h *fakeHelm) Perform(ctx context.Context, mode facts.DeployMode, failed []string) result.Outcome {
	h.asked, h.failed = append(h.asked, string(mode)), failed
	status := facts.StatusPendingInstall
	if mode == facts.ModeUpgrade {
		status = facts.StatusPendingUpgrade
	}
	manifest := h.manifest
	if manifest == "" {
		manifest = fmt.Sprintf("v%d: web", h.next())
	}
	return h.operate(ctx, status, manifest)
}

// Test runs as many tests as h.tests says, of which h.testErr fails.
func (h *fakeHelm) Test(context.Context) result.Outcome {
	h.asked = append(h.asked, "test")
	return result.Outcome{Tests: h.tests, Err: h.testErr}
}

func (h *fakeHelm) Preview(_ context.Context, deploy facts.Preview) (*result.Changes, error) {
	h.asked = append(h.asked, "preview "+string(deploy.Mode))
	changes := h.preview
	if changes == nil {
		changes = &result.Changes{Planned: true, All: []facts.Change{{Action: facts.ActionCreate}}}
	}
	return changes, h.previewErr
}

func (h *fakeHelm) Rollback(ctx context.Context, how facts.Rollback) result.Outcome {
	h.asked = append(h.asked, fmt.Sprintf("rollback %d", how.To))
	return h.operate(ctx, facts.StatusPendingRollback, h.at(how.To).Manifest)
}

// at is a stored revision.
func (h *fakeHelm) at(revision int) facts.Record {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.stored[h.key(revision)].Record
}

// next is the revision that an operation creates.
func (h *fakeHelm) next() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	last := 0
	for _, rec := range h.stored {
		last = max(last, rec.Revision)
	}
	return last + 1
}

// errObjects is what Helm says of objects that do not become ready.
var errObjects = errors.New("object Deployment/web is not ready: no such image")

// operate is one operation with the fault that the test asked for.
func (h *fakeHelm) operate(ctx context.Context, pending facts.Status, manifest string) result.Outcome {
	fault := h.fault
	h.fault = ""
	rec := revision(h.next(), pending)
	rec.Manifest = manifest
	out := h.out
	why := cmp.Or(h.err, errObjects)
	if fault == "nothing stored" {
		out.Err = why
		return out
	}
	h.helmWrites("create", rec, nil)
	out.Revision, out.Manifest, out.Chart = rec.Revision, manifest, "web-1.0.0"
	if h.during != nil {
		h.during()
	}
	switch {
	case fault == "hangs":
		<-ctx.Done()
		out.Cut, out.Err = true, context.Cause(ctx)
		return out
	case ctx.Err() != nil:
		out.Cut, out.Err = true, context.Cause(ctx)
		return out
	case fault == "fails", fault == "fails and leaves it pending":
		out.Err = why
		if fault == "fails" {
			h.end(rec, facts.StatusFailed, nil)
		}
		return out
	}
	for _, name := range namesIn(manifest) {
		h.cluster.put(healthy(name))
	}
	out.Applied = true
	return h.record(rec, fault, out)
}

// record is the last two writes of an operation that succeeded: Helm supersedes
// the revision before, and then marks the new one deployed.
func (h *fakeHelm) record(rec facts.Record, fault string, out result.Outcome) result.Outcome {
	for _, old := range h.all() {
		if old.LabelStatus == facts.StatusDeployed && fault != "older one stays deployed" {
			h.end(old, facts.StatusSuperseded, nil)
		}
	}
	var lost error
	switch fault {
	case "last write denied":
		lost = &problem.Problem{Reason: problem.PermissionMissing, Tried: "update the record", Cause: errors.New("403"), Next: "Grant it.",
			Missing: []problem.MissingPermission{{Permission: problem.Permission{Verb: "update", Resource: "secrets", Namespace: "review"}}}}
	case "last write unanswered":
		lost = errDown
	case "older one stays deployed":
		out.Err = errors.New("superseding revision 1 failed")
	}
	h.end(rec, facts.StatusDeployed, lost)
	return out
}

func (h *fakeHelm) all() []facts.Record {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []facts.Record
	for _, rec := range h.sorted() {
		all = append(all, rec.Record)
	}
	return all
}

// end writes how a revision ended. Helm writes it over whatever is stored.
func (h *fakeHelm) end(rec facts.Record, status facts.Status, err error) {
	if stored := h.at(rec.Revision); stored.Key != "" {
		rec = stored
	}
	rec.LabelStatus, rec.PayloadStatus, rec.Baseline = status, status, nil
	if status == facts.StatusDeployed {
		rec.Baseline, rec.Description = h.out.Left, "Upgrade complete"
		if h.unswept {
			rec.Description += facts.Unswept
		}
	}
	h.helmWrites("update", rec, err)
}

func (h *fakeHelm) Uninstall(ctx context.Context, how facts.Uninstall) result.Outcome {
	h.asked, h.how = append(h.asked, "uninstall"), how
	for name := range h.left {
		how.Deleted([]facts.Object{{Ref: facts.Ref{Kind: "Deployment", Namespace: "review", Name: name}, UID: name}})
	}
	last := h.at(h.next() - 1)
	out := h.out
	out.Revision = last.Revision
	h.end(last, facts.StatusUninstalling, nil)
	if h.during != nil {
		h.during()
	}
	if ctx.Err() != nil {
		out.Cut, out.Err = true, context.Cause(ctx)
		return out
	}
	refused := out.Err != nil
	for _, name := range namesIn(last.Manifest) {
		if h.left[name] {
			out.Err = fmt.Errorf("%s was not deleted in time", name)
			continue
		}
		if !h.spares[name] {
			h.cluster.delete(name)
		}
	}
	if !refused { // Helm records the end also where an object is left
		h.end(last, facts.StatusUninstalled, nil)
	}
	return out
}

// fakeRuns answers for the CI.
type fakeRuns struct {
	calls
	state facts.RunState
	later string // the URL of a run of a later event
}

func (r *fakeRuns) Ended(context.Context, int) bool { return false }

func (r *fakeRuns) Later(url string) facts.Lateness {
	if url != "" && url == r.later {
		return facts.ForLaterEvent
	}
	return facts.NotLater
}

// set changes what the CI says.
func (r *fakeRuns) set(state facts.RunState) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state = state
}

func (r *fakeRuns) State(ctx context.Context, _ string) facts.RunState {
	_ = r.enter(ctx, "State")
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state
}

package cli

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/berth-dev/berth/internal/app"
	"github.com/berth-dev/berth/internal/kube"
	"github.com/berth-dev/berth/internal/kube/access"
	"github.com/berth-dev/berth/internal/kube/rollout"
	"github.com/berth-dev/berth/internal/progress"
	"github.com/berth-dev/berth/internal/verdict"
)

// cluster is the engine's view of internal/kube, for one review app.
type cluster struct {
	conn   *kube.Conn
	app    app.App
	labels map[string]string // the user's own, for the namespace
	clock  func() time.Time
	note   func(verdict.Note)
}

func (c *cluster) namespaces() kube.Namespaces { return kube.Namespaces{Client: c.conn.Clientset()} }

func (c *cluster) Namespace(ctx context.Context) (verdict.Namespace, error) {
	ns, err := c.namespaces().Get(ctx, c.app.Namespace)
	return ns, classify(err, "read namespace "+c.app.Namespace)
}

func (c *cluster) CreateNamespace(ctx context.Context) (ns verdict.Namespace, fresh bool, err error) {
	made, err := c.namespaces().Ensure(ctx, c.app.Namespace, c.allLabels(), c.app.Annotations)
	for _, n := range made.Notes {
		c.note(n)
	}
	return made.Namespace, made.Made, classify(err, "create namespace "+c.app.Namespace)
}

func (c *cluster) AdoptNamespace(ctx context.Context, ns verdict.Namespace) (verdict.Namespace, error) {
	adopted, err := c.namespaces().Mark(ctx, ns.Name, ns.UID, c.allLabels(), c.app.Annotations)
	return adopted, classify(err, "adopt namespace "+ns.Name)
}

// allLabels are the user's labels and, over them, Berth's own.
func (c *cluster) allLabels() map[string]string {
	all := make(map[string]string, len(c.labels)+len(c.app.Labels))
	maps.Copy(all, c.labels)
	maps.Copy(all, c.app.Labels)
	return all
}

func (c *cluster) DeleteNamespace(ctx context.Context, ns verdict.Namespace) error {
	if err := c.namespaces().Delete(ctx, ns.Name, ns.UID); err != nil {
		return classify(err, "delete namespace "+ns.Name)
	}
	return c.WaitNamespaceGone(ctx, ns)
}

func (c *cluster) WaitNamespaceGone(ctx context.Context, ns verdict.Namespace) error {
	return classify(c.namespaces().WaitGone(ctx, ns.Name, ns.UID), "wait until namespace "+ns.Name+" is gone")
}

func (c *cluster) Observe(ctx context.Context, manifest string) ([]verdict.Object, error) {
	mapper, err := c.conn.Mapper(ctx)
	if err != nil {
		return nil, classify(err, "ask the API server for its kinds of object")
	}
	o := kube.Observer{Dynamic: c.conn.Dynamic(), Mapper: mapper}
	objects, err := o.Observe(ctx, manifest, c.app.Release, c.app.Namespace)
	return objects, classify(err, "read the objects of release "+c.app.Release)
}

// Remove deletes these very objects, and waits until they are gone if told to.
func (c *cluster) Remove(ctx context.Context, objects []verdict.Object, wait bool) (kept []string, err error) {
	mapper, err := c.conn.Mapper(ctx)
	if err != nil {
		return nil, classify(err, "ask the API server for its kinds of object")
	}
	remover := kube.Remover{Dynamic: c.conn.Dynamic(), Mapper: mapper}
	remove := remover.Remove
	if wait {
		remove = remover.RemoveAndWait
	}
	_, kept, err = remove(ctx, objects)
	return kept, classify(err, "delete objects of release "+c.app.Release)
}

// Now is the API server's time, or this machine's until the first answer.
func (c *cluster) Now() time.Time {
	if t, ok := c.conn.ServerTime(); ok {
		return t
	}
	return c.clock()
}

// User is only for messages, so an answer that does not come is none.
func (c *cluster) User(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	user, err := c.conn.Whoami(ctx)
	if err != nil {
		return ""
	}
	return user
}

func (c *cluster) Traffic() []verdict.Requests { return c.conn.Traffic() }

// classify keeps nil nil: a nil *Problem in an error is not.
func classify(err error, tried string) error {
	if err == nil {
		return nil
	}
	return kube.Classify(err, tried)
}

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
		return nil, nil, classify(err, "ask the API server for its kinds of object")
	}
	client, dynamic, err := w.getter.Clients()
	if err != nil {
		return nil, nil, err
	}
	seen := w.display.Wait(aim)
	return &rollout.Waiter{Client: client, Dynamic: dynamic, Mapper: mapper,
		Namespace: w.namespace, Release: w.release, Own: w.own, Jobs: jobs, FailFast: w.failFast, Observer: seen}, seen, nil
}

func (w waiter) Ready(ctx context.Context, applied []rollout.Applied, jobs bool) ([]verdict.Event, error) {
	r, seen, err := w.rollout(ctx, progress.Ready, jobs)
	if err != nil {
		return nil, err
	}
	err = r.WaitApplied(ctx, applied)
	return seen.Timeline(), err
}

func (w waiter) Gone(ctx context.Context, refs []verdict.Ref) ([]verdict.Event, error) {
	r, seen, err := w.rollout(ctx, progress.Gone, false)
	if err != nil {
		return nil, err
	}
	err = r.Gone(ctx, refs)
	return seen.Timeline(), err
}

func (w waiter) Finished(ctx context.Context, applied []rollout.Applied) ([]verdict.Ref, error) {
	r, _, err := w.rollout(ctx, progress.Done, false)
	if err != nil {
		return nil, err
	}
	deleted, err := r.FinishApplied(ctx, applied)
	var unfinished *rollout.UnfinishedError
	if errors.As(err, &unfinished) {
		return deleted, err // the hook's own end, not the API server's
	}
	return deleted, classify(err, "wait for the hook to end")
}

func (w waiter) Classify(err error, tried string) error { return classify(err, tried) }

// permissions is the engine's view of internal/kube/access.
type permissions struct {
	conn      *kube.Conn
	resource  string // what records are kept in
	namespace string
	perBranch bool
}

func (p permissions) needs(verb string, phase verdict.NamespacePhase) []verdict.Permission {
	needs := access.Storage(access.Needs{
		Resource: p.resource, Namespace: p.namespace,
		Deletes:         verb == "teardown" || verb == "prune",
		CreateNamespace: (verb == "deploy" || verb == "preflight") && phase == verdict.NamespaceAbsent,
	})
	if verb == "repair" || verb == "teardown" {
		needs = slices.DeleteFunc(needs, func(n verdict.Permission) bool { return n.Verb == "create" && n.Resource == p.resource })
	}
	return needs
}

func (p permissions) ClusterNeeds(verb string, phase verdict.NamespacePhase) []verdict.Permission {
	cluster, _ := access.Split(p.needs(verb, phase))
	return cluster
}

func (p permissions) StorageNeeds(verb string) []verdict.Permission {
	_, storage := access.Split(p.needs(verb, verdict.NamespaceActive))
	if verb == "prune" { // the rest was asked for already
		storage = slices.DeleteFunc(storage, func(n verdict.Permission) bool { return n.Verb != "delete" })
	}
	return storage
}

func (p permissions) RenewLock() verdict.Permission { return access.RenewLock(p.namespace) }

func (p permissions) ReviewUntil(ctx context.Context, needs []verdict.Permission, wait time.Duration, retry func([]verdict.Gap)) ([]verdict.Gap, error) {
	gaps, err := access.ReviewUntil(ctx, p.conn.Clientset().AuthorizationV1(), needs, wait,
		func(gaps []verdict.Gap, _ time.Duration) { retry(gaps) })
	return gaps, classify(err, "ask for permissions")
}

// RBAC is for all verbs at once: a Role for each would overwrite the others', and
// who applies it should have to do so once.
func (p permissions) RBAC(user string, more []verdict.Permission) string {
	needs := access.Storage(access.Needs{Resource: p.resource, Namespace: p.namespace, Deletes: true, CreateNamespace: p.perBranch})
	if p.perBranch {
		needs = append(needs, verdict.Permission{Verb: "delete", Resource: "namespaces", Name: p.namespace, Why: "remove the namespace that Berth made"})
	}
	needs = append(needs, verdict.Permission{Verb: "delete", Group: "coordination.k8s.io", Resource: "leases", Namespace: p.namespace,
		Why: "remove the lock of a release that is no more", Optional: true})
	return access.RBAC(user, append(needs, more...), p.perBranch, p.namespace)
}

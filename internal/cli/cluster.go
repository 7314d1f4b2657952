package cli

import (
	"context"
	"maps"
	"time"

	"github.com/berth-dev/berth/internal/apifailure"
	"github.com/berth-dev/berth/internal/app"
	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/kube"
	"github.com/berth-dev/berth/internal/kube/namespaces"
	"github.com/berth-dev/berth/internal/kube/objects"
	"github.com/berth-dev/berth/internal/result"
)

// cluster implements engine.Cluster for one review app with internal/kube.
type cluster struct {
	conn   *kube.Conn
	app    app.App
	labels map[string]string // given for the namespace
	note   func(result.Note)
}

func (c *cluster) namespaces() namespaces.Manager {
	return namespaces.Manager{Client: c.conn.Clientset()}
}

func (c *cluster) Namespace(ctx context.Context) (facts.Namespace, error) {
	ns, err := c.namespaces().Get(ctx, c.app.Namespace)
	return ns, apifailure.Classify(err, "read namespace "+c.app.Namespace)
}

func (c *cluster) CreateNamespace(ctx context.Context) (ns facts.Namespace, fresh bool, err error) {
	made, err := c.namespaces().Ensure(ctx, c.app.Namespace, c.allLabels(), c.app.Annotations)
	for _, n := range made.Notes {
		c.note(n)
	}
	return made.Namespace, made.Made, apifailure.Classify(err, "create namespace "+c.app.Namespace)
}

func (c *cluster) AdoptNamespace(ctx context.Context, ns facts.Namespace) (facts.Namespace, error) {
	adopted, err := c.namespaces().Mark(ctx, ns.Name, ns.UID, c.allLabels(), c.app.Annotations)
	return adopted, apifailure.Classify(err, "adopt namespace "+ns.Name)
}

// allLabels returns the namespace's labels. Berth's own take precedence over those
// that were given.
func (c *cluster) allLabels() map[string]string {
	all := make(map[string]string, len(c.labels)+len(c.app.Labels))
	maps.Copy(all, c.labels)
	maps.Copy(all, c.app.Labels)
	return all
}

func (c *cluster) DeleteNamespace(ctx context.Context, ns facts.Namespace) error {
	if err := c.namespaces().Delete(ctx, ns.Name, ns.UID); err != nil {
		return apifailure.Classify(err, "delete namespace "+ns.Name)
	}
	return c.WaitNamespaceGone(ctx, ns)
}

func (c *cluster) WaitNamespaceGone(ctx context.Context, ns facts.Namespace) error {
	return apifailure.Classify(c.namespaces().WaitGone(ctx, ns.Name, ns.UID), "wait until namespace "+ns.Name+" is gone")
}

func (c *cluster) Observe(ctx context.Context, manifest string) ([]facts.Object, error) {
	mapper, err := c.conn.Mapper(ctx)
	if err != nil {
		return nil, apifailure.Classify(err, "ask the API server for its kinds of object")
	}
	o := objects.Observer{Dynamic: c.conn.Dynamic(), Mapper: mapper}
	found, err := o.Observe(ctx, manifest, c.app.Release, c.app.Namespace)
	return found, apifailure.Classify(err, "read the objects of release "+c.app.Release)
}

// Remove deletes these very objects and, with wait, waits until they are gone.
func (c *cluster) Remove(ctx context.Context, leftovers []facts.Object, wait bool) (kept []string, err error) {
	mapper, err := c.conn.Mapper(ctx)
	if err != nil {
		return nil, apifailure.Classify(err, "ask the API server for its kinds of object")
	}
	remover := objects.Remover{Dynamic: c.conn.Dynamic(), Mapper: mapper}
	remove := remover.Remove
	if wait {
		remove = remover.RemoveAndWait
	}
	_, kept, err = remove(ctx, leftovers)
	return kept, apifailure.Classify(err, "delete objects of release "+c.app.Release)
}

// Now returns the API server's time, or this machine's before the first answer.
func (c *cluster) Now() time.Time {
	if t, ok := c.conn.ServerTime(); ok {
		return t
	}
	return time.Now()
}

// User gives up after a while and returns "", since it serves messages only.
func (c *cluster) User(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	user, err := c.conn.Whoami(ctx)
	if err != nil {
		return ""
	}
	return user
}

func (c *cluster) Traffic() []result.Requests { return c.conn.Traffic() }

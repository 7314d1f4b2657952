package helm

import (
	"context"
	"io"
	"slices"
	"time"

	"helm.sh/helm/v3/pkg/kube"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes"

	"github.com/berth-dev/berth/internal/apifailure"
	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/result"
)

// Waiter waits for objects, without Helm's two-second ticks.
type Waiter interface {
	// Ready returns when every object is ready, or says why one cannot be, and
	// what the time went to. The objects are as the API server returned them
	// when they were applied.
	Ready(ctx context.Context, applied []*unstructured.Unstructured, jobs bool) (took []result.Event, err error)
	// Gone returns when none of the objects exists any more, and what the time
	// went to.
	Gone(ctx context.Context, refs []facts.Ref) (took []result.Event, err error)
	// Finished returns when every Job and Pod has run to its end with success,
	// or says why one cannot, and names those that were deleted before.
	Finished(ctx context.Context, applied []*unstructured.Unstructured) (deleted []facts.Ref, err error)
}

// client is Helm's own client with the parts replaced that would cost a
// request, a poll or somebody else's object. It embeds *kube.Client so that
// the optional interfaces Helm asserts on (three-way merge, logs, propagation)
// stay.
type client struct {
	*kube.Client
	ctx    context.Context // ends with the operation's fence
	run    context.Context // the operation's own, with its deadline
	pods   kubernetes.Interface
	waiter Waiter
	recall func() (end func())
	owner  string // namespace/release that objects have to name to be deleted
	kept   map[facts.Ref]string
	undone []error // why objects could not be deleted; Helm only logs it

	dead     []kube.ResourceList // the objects of revisions that failed, oldest first
	installs bool                // an install, not an upgrade
	looks    bool                // what is built next is what Helm is about to look for
	looked   func()              // ends the time in which it finds what was seen then
	built    kube.ResourceList   // what was built last: the chart's objects, when their owners are looked at
	found    []facts.Ref         // what an install found in place with the release's name on it
	unproven []string            // hooks that were deleted before they had ended
	reason   error               // what lies behind an error that Helm puts into text

	diagnosis *result.Diagnostics // what the last wait that failed found out
	phases    *phases
	leaving   func() // ends the phase that Helm goes through by itself
	rendering bool   // which is the rendering
}

var (
	_ kube.Interface                    = (*client)(nil)
	_ kube.InterfaceExt                 = (*client)(nil)
	_ kube.InterfaceLogs                = (*client)(nil)
	_ kube.InterfaceThreeWayMerge       = (*client)(nil)
	_ kube.InterfaceDeletionPropagation = (*client)(nil)
)

// IsReachable costs a /version request for every operation and tells nothing:
// the run has talked to the server already.
func (c *client) IsReachable() error { return nil }

// Build never validates on the client's side: Helm 3's OpenAPI validation
// downloads the schema and then checks nothing on a current server, and hooks
// ask for it whatever the action says.
func (c *client) Build(r io.Reader, _ bool) (kube.ResourceList, error) {
	if c.rendering {
		c.rendering = false
		c.enter("Look at what is there, record the revision")
	}
	built, err := c.Client.Build(r, false)
	c.built = built
	if err == nil && c.looks {
		c.look(built)
	}
	return built, err
}

// Create makes a hook's or an install's objects.
func (c *client) Create(resources kube.ResourceList) (*kube.Result, error) {
	c.looked()
	end := c.phase("Create %s", refs(resources))
	res, err := c.Client.Create(resources)
	end(nil)
	return res, c.keep(err, "create the chart's objects")
}

// Update brings objects to what the manifest says. An install calls it with
// what it adopts: nobody knows the manifest that these were made from, so the
// two-way merge that Helm uses for custom resources would leave them as they are.
func (c *client) Update(original, target kube.ResourceList, force bool) (*kube.Result, error) {
	update := c.Client.Update
	if c.installs {
		c.found, update = refs(original), c.UpdateThreeWayMerge
	}
	original = c.withDead(original, target)
	c.looked()
	end := c.phase("Apply %s", refs(target))
	res, err := c.apply(update, original, target, force)
	end(nil)
	return res, c.keep(err, "update the chart's objects")
}

// Delete removes a hook by its policy.
func (c *client) Delete(resources kube.ResourceList) (*kube.Result, []error) {
	end := c.phase("Delete %s", refs(resources))
	res, errs := c.Client.Delete(resources)
	end(nil)
	for _, err := range errs {
		_ = c.keep(err, "delete a hook of the chart")
	}
	return res, errs
}

// keep keeps what the API server refused before Helm makes text of it.
func (c *client) keep(err error, tried string) error {
	if c.reason == nil && (apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err)) {
		c.reason = apifailure.Classify(err, tried)
	}
	return err
}

// Wait waits for everything but the completion of Jobs.
func (c *client) Wait(resources kube.ResourceList, timeout time.Duration) error {
	return c.wait(resources, timeout, false)
}

// WaitWithJobs waits for Jobs to complete as well.
func (c *client) WaitWithJobs(resources kube.ResourceList, timeout time.Duration) error {
	return c.wait(resources, timeout, true)
}

func (c *client) wait(resources kube.ResourceList, timeout time.Duration, jobs bool) error {
	ctx, cancel := context.WithTimeout(c.ctx, stepTime(c.run, timeout))
	defer cancel()
	end := c.phase("Wait until ready: %s", refs(resources))
	took, err := c.waiter.Ready(ctx, applied(resources), jobs)
	end(took)
	c.diagnosis = result.DiagnosticsOf(err)
	return err
}

// WaitForDelete waits until the objects are gone, those aside that were kept.
func (c *client) WaitForDelete(resources kube.ResourceList, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(c.ctx, stepTime(c.run, timeout))
	defer cancel()
	going := slices.DeleteFunc(refs(resources), func(r facts.Ref) bool { return c.kept[r] != "" })
	end := c.phase("Wait until gone: %s", going)
	took, err := c.waiter.Gone(ctx, going)
	end(took)
	return c.keep(err, "wait until what was deleted is gone")
}

// applied are the objects of a resource list as the API server returned them, or
// where it did not, with nothing but their names.
func applied(resources kube.ResourceList) []*unstructured.Unstructured {
	out := make([]*unstructured.Unstructured, 0, len(resources))
	for _, r := range resources {
		u, ok := r.Object.(*unstructured.Unstructured)
		if !ok || u.GetUID() == "" {
			u = &unstructured.Unstructured{}
			u.SetNamespace(r.Namespace)
			u.SetName(r.Name)
		}
		u.SetGroupVersionKind(r.Mapping.GroupVersionKind)
		out = append(out, u)
	}
	return out
}

// refs names the objects of a resource list without Helm's types.
func refs(resources kube.ResourceList) []facts.Ref {
	out := make([]facts.Ref, 0, len(resources))
	for _, r := range resources {
		apiVersion, kind := r.Mapping.GroupVersionKind.ToAPIVersionAndKind()
		out = append(out, facts.Ref{APIVersion: apiVersion, Kind: kind, Namespace: r.Namespace, Name: r.Name})
	}
	return out
}

// names are the objects as a person calls them.
func names(refs []facts.Ref) []string {
	out := make([]string, len(refs))
	for i, r := range refs {
		out[i] = r.Kind + "/" + r.Name
	}
	return out
}

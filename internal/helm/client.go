package helm

import (
	"bytes"
	"context"
	"io"
	"time"

	"helm.sh/helm/v3/pkg/kube"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/berth-dev/berth/internal/apifailure"
	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/internal/result"
)

// fieldManager is the name in managedFields of what an operation writes.
const fieldManager = "helm"

// sdkClient is what the clients use of Helm's own client, *kube.Client.
type sdkClient interface {
	kube.Interface
	kube.InterfaceThreeWayMerge
	kube.InterfaceDeletionPropagation
}

// client is the base of each operation's client. It replaces those methods of
// Helm's client that poll, go on after the fence has closed, or cost a request
// for nothing.
type client struct {
	sdkClient
	log          func(format string, args ...any)
	untilFenced  context.Context // ends when the operation's fence closes
	operationCtx context.Context // the operation's own, with its deadline
	pods         kubernetes.Interface
	waiter       Waiter
	cacheGets    func() (end func())
	mapper       func() (meta.RESTMapper, error) // nil maps no stored manifest
	release      ownership.Release               // whose objects these are
	sensitive    *manifest.Sensitive             // is told of every object before it is sent; nil: nobody is
	adopt        []string                        // what is taken although it may be somebody else's; see adopts
	leavings     *leavings
	timeline     *timeline
	observed
}

// observed is what an operation found and Helm does not return.
type observed struct {
	cause       error               // the first refused request or failed hook, of which Helm returns the text alone
	diagnostics *result.Diagnostics // of the last wait, where it failed
	unproven    []string            // hooks that were deleted before they had ended
	left        []string            // objects that the manifest has no more and that were left, and why
}

// Helm asks for all but the first by type assertion, and does without in silence.
var (
	_ kube.Interface              = (*client)(nil)
	_ kube.InterfaceExt           = (*client)(nil)
	_ kube.InterfaceLogs          = (*client)(nil)
	_ kube.InterfaceThreeWayMerge = (*client)(nil)
)

// IsReachable sends nothing. Helm's own asks for /version before each operation,
// and the run has talked to the API server already.
func (c *client) IsReachable() error { return nil }

// Build never validates: Helm 3's OpenAPI validation downloads the schema and
// then checks nothing on a current API server. Hooks ask for validation whatever
// the action's DisableOpenAPIValidation says.
//
// Whatever Helm sends was built here before. So the mask knows what is secret in it
// when an error quotes it, also where a template made that up just now.
func (c *client) Build(r io.Reader, _ bool) (kube.ResourceList, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	built, err := c.sdkClient.Build(bytes.NewReader(text), false)
	if err != nil {
		c.sensitive.Text(string(text))
	}
	for _, info := range built {
		if o, ok := info.Object.(*unstructured.Unstructured); ok {
			c.sensitive.Object(o)
		}
	}
	return built, err
}

// Create creates the objects of a hook or of an install.
func (c *client) Create(list kube.ResourceList) (*kube.Result, error) {
	end := c.timeline.start("Create %s", refs(list))
	c.markHooks(list)
	wants := manifests(list)
	res, err := c.sdkClient.Create(list)
	end(nil)
	if err == nil {
		c.leavings.created(wants, list)
	}
	return res, c.noteRefusal(err, "create the chart's objects")
}

// Update brings objects from what the original manifest says to what the target
// says, in parallel, with repeated GETs answered from memory: for each object Helm
// reads the same one several times.
//
// Helm's own Update compares the two manifests alone where a kind has no Go type.
// A custom resource that a failed or interrupted revision did not reach, or that
// somebody edited, would stay as it is for as long as the manifest says the same.
// The three-way merge compares with the live object, as Helm does for all other
// kinds. What no patch can express is mended (mend.go).
func (c *client) Update(original, target kube.ResourceList, force bool) (*kube.Result, error) {
	end := c.timeline.start("Apply %s", refs(target))
	endCache := c.cacheGets()
	update := c.leavings.mending(c.UpdateThreeWayMerge, target)
	res, err := updateInParallel(func(original, target kube.ResourceList, force bool) (*kube.Result, error) {
		if len(target) == 0 { // what the manifest has no more
			original = c.leaveTaken(original)
		}
		return update(original, target, force)
	}, original, target, force)
	endCache()
	end(nil)
	return res, c.noteRefusal(err, "update the chart's objects")
}

// noteRefusal keeps a 401 or 403 as the operation's cause, before Helm reduces
// it to text. It returns err.
func (c *client) noteRefusal(err error, tried string) error {
	if c.cause == nil && (apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err)) {
		c.cause = apifailure.Classify(err, tried)
	}
	return err
}

// Wait waits until the objects are ready. Jobs need not be complete.
func (c *client) Wait(list kube.ResourceList, timeout time.Duration) error {
	return c.wait(list, timeout, false)
}

// WaitWithJobs waits until the objects are ready and the Jobs complete.
func (c *client) WaitWithJobs(list kube.ResourceList, timeout time.Duration) error {
	return c.wait(list, timeout, true)
}

func (c *client) wait(list kube.ResourceList, timeout time.Duration, jobs bool) error {
	ctx, cancel := context.WithTimeout(c.untilFenced, stepTimeout(c.operationCtx, timeout))
	defer cancel()
	end := c.timeline.start("Wait until ready: %s", refs(list))
	took, err := c.waiter.WaitForReady(ctx, applied(list), jobs)
	end(took)
	c.diagnostics = result.DiagnosticsOf(err)
	return err
}

// WaitForDelete waits until the objects are gone.
func (c *client) WaitForDelete(list kube.ResourceList, timeout time.Duration) error {
	return c.waitForDelete(list, nil, timeout)
}

// waitForDelete waits until the objects are gone. One whose UID is known is gone when
// another has its name: a controller can make an object anew that it was just writing
// to, as Kubernetes' own does with aggregated ClusterRoles.
func (c *client) waitForDelete(list kube.ResourceList, uids map[facts.Ref]types.UID, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(c.untilFenced, stepTimeout(c.operationCtx, timeout))
	defer cancel()
	end := c.timeline.start("Wait until gone: %s", refs(list))
	took, err := c.waiter.WaitForDelete(ctx, named(list, uids))
	end(took)
	return c.noteRefusal(err, "wait until what was deleted is gone")
}

// stepTimeout returns what one of Helm's steps may take: limit at most, and
// somewhat less than is left until ctx's deadline, so that Helm ends with its own
// error before the fence closes. Helm applies its timeout to each wait anew,
// hooks' too, so each is held to what is left by then.
func stepTimeout(ctx context.Context, limit time.Duration) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return limit
	}
	left := time.Until(deadline)
	return min(limit, left-min(left/5, 5*time.Second))
}

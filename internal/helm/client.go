package helm

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"helm.sh/helm/v3/pkg/kube"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/cli-runtime/pkg/resource"
	"k8s.io/client-go/kubernetes"

	"github.com/berth-dev/berth/internal/apifailure"
	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
)

// fieldManager is the name in managedFields of what an operation writes.
const fieldManager = "helm"

// sdkClient is what the clients use of Helm's own client, *kube.Client: that it builds
// manifests, and creates.
type sdkClient interface{ kube.Interface }

// client is the base of each operation's client. It replaces those methods of
// Helm's client that poll, go on after the fence has closed, cost a request for
// nothing, or write to an object by its name alone (own.go).
type client struct {
	sdkClient
	log          func(format string, args ...any)
	untilFenced  context.Context // ends when the operation's fence closes
	operationCtx context.Context // the operation's own, with its deadline
	pods         kubernetes.Interface
	waiter       Waiter
	cacheGets    func() (end func())
	mapper       func() (meta.RESTMapper, error)                  // nil maps no stored manifest
	release      ownership.Release                                // whose objects these are
	sensitive    *manifest.Sensitive                              // is told of every object before it is sent, and as it lives; nil: nobody is
	inside       func(context.Context, facts.Ref) (string, error) // see Options.Inside; nil: nobody looks
	adopt        []string                                         // what is taken although it may be somebody else's; see adopts
	takenGo      bool                                             // see Options.TakenGo
	foreignGoes  bool                                             // see Options.ForeignGoes
	definitions  []string                                         // the names of what the chart has in its crds folder
	hooked       kube.ResourceList                                // the objects of the hooks that the operation runs
	keptLater    []*unstructured.Unstructured                     // what revisions that failed since one was deployed say is to be kept
	madeBy       string                                           // the manifest of the newest revision that ended well; "": none did
	made         kube.ResourceList                                // its objects, and those of the revision that the operation starts from;
	have         kube.ResourceList                                // neither has any for an install
	leavings     *leavings
	changes      *changes // what the operation makes of the objects
	hookObjects  hookObjects
	timeline     *timeline
	observed
}

// observed is what an operation found and Helm does not return.
type observed struct {
	cause       error                   // the first refused request or failed hook, of which Helm returns the text alone
	diagnostics *result.Diagnostics     // of the last wait, where it failed
	unproven    []string                // hooks that were deleted before they had ended
	deleted     map[facts.Ref]types.UID // objects that were deleted, each as it was last
	left        map[facts.Ref]string    // objects that were not deleted, and why
}

// Helm asks for all but the first by type assertion, and does without in silence.
var (
	_ kube.Interface     = (*client)(nil)
	_ kube.InterfaceExt  = (*client)(nil)
	_ kube.InterfaceLogs = (*client)(nil)
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
//
// What a List that is to be kept has in it is written with that policy: only so does what deletes
// by the live object leave it.
func (c *client) Build(r io.Reader, _ bool) (kube.ResourceList, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	built, err := c.sdkClient.Build(strings.NewReader(spreadPolicies(string(text))), false)
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
	switch {
	case err == nil:
		c.leavings.created(wants, list)
		c.hookObjects.recordBuilt(c.release, list)
		for i, info := range list {
			delete(c.left, refOf(info)) // it may not have been read, and was not there
			c.changes.made(wants[i], refOf(info))
		}
	case apierrors.IsAlreadyExists(err):
		err = c.explainTaken(list, err)
	}
	return res, c.noteRefusal(err, "create the chart's objects")
}

// explainTaken returns the error of a creation, or which of the objects are somebody
// else's: they came into being since their absence was seen, or were not deleted.
func (c *client) explainTaken(list kube.ResourceList, err error) error {
	for _, info := range list {
		if explained := c.explainExisting(info, err); explained != err { //nolint:errorlint // the same one, or another
			return explained
		}
	}
	return err
}

// Update brings objects from what the original manifest says to what the target
// says, in parallel, with repeated GETs answered from memory. What no patch can express
// is mended (mend.go). What the manifest has no more is deleted.
func (c *client) Update(original, target kube.ResourceList, _ bool) (*kube.Result, error) {
	end := c.timeline.start("Apply %s", refs(target))
	endCache := c.cacheGets()
	needed := c.neededBy(target, original)
	c.holdKeptLater(&needed, original)
	drop := func(list kube.ResourceList) *kube.Result { return c.drop(list, needed) }
	res, err := updateInParallel(c.leavings.mending(c.merge, target, c.changes), drop, original, target)
	endCache()
	end(nil)
	return res, c.noteRefusal(err, "update the chart's objects")
}

// drop deletes objects that the manifest has no more, but for what the live object says
// is to be kept, as Helm does, and for what is somebody else's by now. As with Helm, a
// deletion that fails does not fail the operation.
func (c *client) drop(list kube.ResourceList, n needed) *kube.Result {
	inBackground := func(*resource.Info) metav1.DeletionPropagation { return metav1.DeletePropagationBackground }
	done, errs := c.deleteAll(list, parallelRequests, inBackground, n)
	res := &kube.Result{}
	for i, info := range list {
		switch ref := refOf(info); {
		case errs[i] != nil:
			c.leave(ref, "it could not be deleted: "+errs[i].Error())
		case done[i].left == keptByPolicy:
			c.log("%s is not in the manifest any more, and %s", ref, keptByPolicy)
			c.changes.add(facts.Change{Ref: ref, Action: facts.ActionLeave, Why: keptByPolicy})
		case done[i].left != "":
			c.leave(ref, done[i].left)
		case done[i].uid != "":
			res.Deleted = append(res.Deleted, info)
			c.changes.add(facts.Change{Ref: ref, Action: facts.ActionDelete})
		}
	}
	return res
}

// stays is the stranger of what would be deleted since the release has it no more: what is
// somebody else's, what was taken over from somebody, what is to be kept, and what others
// have something in.
func (c *client) stays(info *resource.Info) stranger {
	want := manifests(kube.ResourceList{info})[0]
	return func(live *unstructured.Unstructured) string {
		if why := notOwn(c.release)(live); why != "" {
			return why
		}
		if why := c.takenOver(refOf(info), live); why != "" {
			return why
		}
		if ownership.KeptByPolicy(live.GetAnnotations()) || ownership.KeptByPolicy(want.GetAnnotations()) || c.isKeptLater(info) {
			return keptByPolicy
		}
		if c.hookObjects.toCome(c.release, info) {
			return "the chart has it as a hook by now, which this operation does not run"
		}
		return c.forbidden(refOf(info), want, live)
	}
}

// leave notes that an object was not deleted, and why.
func (c *client) leave(ref facts.Ref, why string) {
	if c.left == nil {
		c.left = map[facts.Ref]string{}
	}
	c.left[ref] = why
	c.changes.add(facts.Change{Ref: ref, Action: facts.ActionLeave, Why: why})
}

// noteRefusal keeps what Helm may reduce to text as the operation's cause: a 401 or
// 403, or that an object is somebody else's. It returns err.
func (c *client) noteRefusal(err error, tried string) error {
	var p *problem.Problem
	switch {
	case err == nil || c.cause != nil:
	case errors.As(err, &p):
		c.cause = p
	case apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err):
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

// WaitForDelete waits until those of the objects are gone that the operation has
// deleted. One is gone when another has its name, too: a controller can make an object
// anew that it was just writing to, as Kubernetes' own does with aggregated ClusterRoles.
func (c *client) WaitForDelete(list kube.ResourceList, timeout time.Duration) error {
	list = list.Filter(func(info *resource.Info) bool { return c.deleted[refOf(info)] != "" })
	if len(list) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(c.untilFenced, stepTimeout(c.operationCtx, timeout))
	defer cancel()
	end := c.timeline.start("Wait until gone: %s", refs(list))
	took, err := c.waiter.WaitForDelete(ctx, named(list, c.deleted))
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

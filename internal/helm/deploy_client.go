package helm

import (
	"errors"
	"fmt"
	"io"

	"golang.org/x/sync/errgroup"
	"helm.sh/helm/v3/pkg/kube"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/problem"
)

// The phases that Helm goes through by itself at the beginning of a deploy.
const (
	phaseRender = "Render the chart"
	phaseCheck  = "Look at what is there, record the revision"
)

// deployClient is what the clients of an install and an upgrade share.
type deployClient struct {
	*client
	core     corev1client.CoreV1Interface
	failed   failedRevisions
	hooks    []string                                 // the manifests of the chart's hooks that are to run
	first    bool                                     // no revision is stored: what names the release is not known to be its own
	replaces bool                                     // it is installed over stored revisions, of which none is in service
	looked   map[facts.Ref]*unstructured.Unstructured // the chart's objects that were there
	built    bool                                     // the first manifest was
	objects  kube.ResourceList                        // what was built last
	endCache func()                                   // of what was looked at
}

// Build builds a manifest. The first one of an action is the chart's: it follows the
// rendering, which ends that phase, and nothing is written before it. The last one
// before the action refuses objects of another release is the chart's, too: Perform takes
// c.objects for it. TestInstallOrder and TestUpgradeOrder hold Helm to both.
func (c *deployClient) Build(r io.Reader, validate bool) (kube.ResourceList, error) {
	first := !c.built
	if c.built = true; first {
		c.timeline.enter(phaseCheck)
	}
	built, err := c.client.Build(r, validate)
	c.objects = built
	if err == nil {
		err = refuseRecords(built)
	}
	if err == nil && first {
		err = c.look(built)
	}
	return built, err
}

// refuseRecords refuses objects that Helm takes for records. A template that made none when the chart was looked at may
// make one now.
func refuseRecords(built kube.ResourceList) error {
	for _, o := range manifests(built) {
		if manifest.IsRecord(o) {
			return &problem.Problem{Reason: problem.ChartInvalid, Tried: "deploy the chart",
				Cause: fmt.Errorf("it brings %s, which Helm takes for the record of a release", nameOf(manifest.RefOf(o))),
				Next:  "Remove it from the chart, or give it another name, type and label."}
		}
	}
	return nil
}

// look reads what the operation is about to write to, before it has written anything, and
// refuses what is somebody else's. All of it is read in parallel: until endLook, the same
// is answered from memory, which is what Helm reads next to see who owns what exists,
// and what an update starts from.
//
// Of the chart's objects, those are refused here that name another owner. What names
// nobody is left to Helm, which knows whether the manifest before had it. An object that
// cannot be read is, too: its next read gets the same answer, or fails in the same way.
func (c *deployClient) look(chart kube.ResourceList) error {
	c.endCache = c.cacheGets()
	taken := make(chan error, 1)
	go func() {
		taken <- refuseTakenHooks(c.client, fmt.Sprintf("Release `%s` was not deployed", c.release.Name), c.hooks)
	}()
	live, theirs := make([]*unstructured.Unstructured, len(chart)), make([]error, len(chart))
	var reads errgroup.Group
	reads.SetLimit(parallelRequests)
	for i, info := range chart {
		reads.Go(func() (err error) {
			if live[i], err = c.readLive(info); err == nil && live[i] != nil {
				if why := othersOwn(c.release)(live[i]); why != "" {
					theirs[i] = fmt.Errorf("%s exists: %s", refOf(info), why)
				}
			}
			return nil
		})
	}
	_ = reads.Wait()
	// A hook comes first: it is not taken over, and nothing is before all is known to go well.
	if err := <-taken; err != nil {
		return err
	}
	if cause := errors.Join(theirs...); cause != nil {
		return &ownershipConflict{cause}
	}
	if c.first {
		return takeIn(c.operationCtx, c.client, c.core, chart, live)
	}
	c.looked = map[facts.Ref]*unstructured.Unstructured{}
	for i, info := range chart {
		c.looked[refOf(info)] = live[i]
	}
	if c.replaces {
		return c.refuseGitOps(nil, chart, c.looked)
	}
	return nil
}

// endLook has whatever is read from now on be read afresh.
func (c *deployClient) endLook() {
	if c.endCache != nil {
		c.endCache()
		c.endCache = nil
	}
}

// Create creates the objects of a hook or of the chart. Nothing that was looked at
// before counts from now on: a hook may change it.
func (c *deployClient) Create(list kube.ResourceList) (*kube.Result, error) {
	c.endLook()
	return c.client.Create(list)
}

// Update brings objects to the chart's manifest, and removes what failed revisions have
// set.
func (c *deployClient) Update(original, target kube.ResourceList, force bool) (*kube.Result, error) {
	defer c.endLook()
	return c.client.Update(c.failed.over(original, target, c.log), target, force)
}

// upgradeClient is the client of an upgrade.
type upgradeClient struct {
	*deployClient
	builds int // of what is no hook
}

// Build builds a manifest. An upgrade validates hooks alone, and builds the chart's manifest
// first, what is stored next, which may say the same, and the chart's once more, before anything
// is written. TestUpgradeOrder holds Helm to it.
func (c *upgradeClient) Build(r io.Reader, validate bool) (kube.ResourceList, error) {
	if validate {
		return c.deployClient.Build(r, validate)
	}
	if c.builds++; c.builds == 2 {
		text, err := io.ReadAll(r)
		if err != nil {
			return nil, err
		}
		stored, err := c.buildStored(string(text), false)
		if err == nil {
			c.buildMade(stored, string(text))
		}
		return stored, err
	}
	built, err := c.deployClient.Build(r, validate)
	if err == nil && c.builds == 3 {
		if err = c.refuseGitOps(c.have, built, c.looked); err == nil {
			err = c.refuseToWrite(built, c.looked)
		}
	}
	return built, err
}

// installClient is the client of an install.
type installClient struct {
	*deployClient
	adopted []facts.Ref // objects that existed and named the release as their owner
}

// Update is called in place of Create where some of the chart's objects exist:
// original are those. Nobody knows the manifest that they were made from.
func (c *installClient) Update(original, target kube.ResourceList, force bool) (*kube.Result, error) {
	c.adopted = refs(original)
	return c.deployClient.Update(original, target, force)
}

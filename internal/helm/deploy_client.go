package helm

import (
	"io"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	"helm.sh/helm/v3/pkg/kube"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/ownership"
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
	rendered sync.Once
	objects  kube.ResourceList // what was built last
}

// Build builds a manifest. The first one of an action follows the rendering,
// which ends that phase. The last one before the action refuses objects of
// another release is the chart's: Perform takes c.objects for it. TestInstallOrder
// and TestUpgradeOrder hold Helm to both.
func (c *deployClient) Build(r io.Reader, validate bool) (kube.ResourceList, error) {
	c.rendered.Do(func() { c.timeline.enter(phaseCheck) })
	built, err := c.client.Build(r, validate)
	c.objects = built
	return built, err
}

// upgradeClient is the client of an upgrade.
type upgradeClient struct {
	*deployClient
	chart *string // the chart's manifest, once it was built
}

// Build builds a manifest. The first one of an upgrade is the chart's, and any other
// that is not to be validated is stored; TestUpgradeOrder holds Helm to it.
func (c *upgradeClient) Build(r io.Reader, validate bool) (kube.ResourceList, error) {
	all, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	text := string(all)
	if c.chart == nil {
		c.chart = &text
	}
	if validate || text == *c.chart {
		return c.deployClient.Build(strings.NewReader(text), validate)
	}
	return c.buildStored(text, false)
}

// Update brings the release's objects to the chart's new manifest, and removes
// what failed revisions have set.
func (c *upgradeClient) Update(original, target kube.ResourceList, force bool) (*kube.Result, error) {
	return c.deployClient.Update(c.failed.over(original, target, c.log), target, force)
}

// installClient is the client of an install.
type installClient struct {
	*deployClient
	replace    bool // revisions are stored, so what names the release is its own
	prefetched sync.Once
	endCache   func()
	adopted    []facts.Ref // objects that existed and named the release as their owner
}

// Build builds a manifest. The first one of an install is the chart's, whose
// objects Helm reads next, one by one, to see who owns those that exist: they are
// prefetched. Were it another manifest, the prefetch would cost its requests and
// save none; TestInstallOrder holds Helm to it.
func (c *installClient) Build(r io.Reader, validate bool) (kube.ResourceList, error) {
	built, err := c.deployClient.Build(r, validate)
	if err == nil {
		c.prefetched.Do(func() { err = c.takeIn(built, c.prefetch(built)) })
	}
	return built, err
}

// prefetch reads objects in parallel and returns them, nil for those that do not exist
// or cannot be read. Until endPrefetch, Helm's own reads of them are answered from memory.
func (c *installClient) prefetch(list kube.ResourceList) []metav1.Object {
	c.endCache = c.cacheGets()
	live := make([]metav1.Object, len(list))
	var reads errgroup.Group
	reads.SetLimit(parallelRequests)
	for i, info := range list {
		reads.Go(func() error {
			// Helm's own read gets the same answer, or fails in the same way.
			live[i], _ = readLive(info)
			return nil
		})
	}
	_ = reads.Wait()
	return live
}

// takeIn refuses what names the release, of which no record is left, and is wanted by
// somebody else by its marks: it would count as the release's own from then on. Helm goes
// by the name alone. Where adopt names all of it, it is marked as taken over, unless
// Helm is about to refuse another object.
func (c *installClient) takeIn(list kube.ResourceList, live []metav1.Object) error {
	if c.replace {
		return nil
	}
	var marked []foreignObject
	refusedByHelm := false
	for i, info := range list {
		if live[i] == nil {
			continue
		}
		o := foreignObject{info: info, live: live[i], owner: ownership.NamedRelease(live[i].GetAnnotations())}
		_, before := ownership.TakenOver(live[i].GetAnnotations())
		switch o.doubt = doubtOf(&o, c.release); {
		case ownerOf(live[i]) != c.release:
			refusedByHelm = true
		case o.doubt != nil && !before:
			marked = append(marked, o)
		}
	}
	if err := refuseTakeOver(c.client, marked); err != nil || refusedByHelm {
		return err
	}
	_, err := setOwners(c.client, marked)
	return err
}

func (c *installClient) endPrefetch() {
	if c.endCache != nil {
		c.endCache()
		c.endCache = nil
	}
}

// Create creates the objects of a hook or of the chart. Nothing that was
// prefetched counts from now on.
func (c *installClient) Create(list kube.ResourceList) (*kube.Result, error) {
	c.endPrefetch()
	return c.deployClient.Create(list)
}

// Update is called in place of Create where some of the chart's objects exist:
// original are those. Nobody knows the manifest that they were made from.
func (c *installClient) Update(original, target kube.ResourceList, force bool) (*kube.Result, error) {
	c.endPrefetch()
	c.adopted = refs(original)
	return c.deployClient.Update(c.failed.over(original, target, c.log), target, force)
}

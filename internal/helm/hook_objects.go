package helm

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	"helm.sh/helm/v3/pkg/kube"
	"helm.sh/helm/v3/pkg/release"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/internal/problem"
)

// hookObjects tells the objects of a release's hooks from others' of the same name.
// Helm writes no owner on them, and deletes by name.
type hookObjects struct {
	recorded map[string]bool // the hooks that stored records name, as kind/name
}

// record notes that a stored record names these hooks.
func (h *hookObjects) record(hooks []facts.Hook) {
	for _, hook := range hooks {
		h.name(hook.Kind, hook.Name)
	}
}

func (h *hookObjects) name(kind, name string) {
	if h.recorded == nil {
		h.recorded = map[string]bool{}
	}
	h.recorded[kind+"/"+name] = true
}

// recordBuilt notes the hooks of a list, which the operation has made. That holds where
// admission takes their mark away.
func (h *hookObjects) recordBuilt(list kube.ResourceList) {
	for _, o := range manifests(list) {
		if ownership.IsHook(o.GetAnnotations()) {
			h.name(o.GetKind(), o.GetName())
		}
	}
}

// notMade is the stranger of an object that has the name of a hook: what no hook of the
// release has made. want is the hook's own manifest.
func (h *hookObjects) notMade(r ownership.Release, want *unstructured.Unstructured) stranger {
	return func(live *unstructured.Unstructured) string {
		object := ownership.HookObject{Labels: live.GetLabels(), Annotations: live.GetAnnotations(), Wanted: want.GetLabels(),
			Recorded: h.recorded[want.GetKind()+"/"+want.GetName()]}
		if by := metav1.GetControllerOf(live); by != nil {
			object.Controller = by.Kind + "/" + by.Name
		}
		return ownership.NotByHookOf(r, object)
	}
}

// notHooks is notMade for a hook that was built, and the stranger of what is not to be
// deleted although a hook of the release has made it. That the chart itself has the policy
// keep on a hook counts for nothing before the hook is made anew, as with Helm.
func (c *client) notHooks(info *resource.Info) stranger {
	want := manifests(kube.ResourceList{info})[0]
	notMade := c.hookObjects.notMade(c.release, want)
	return func(live *unstructured.Unstructured) string {
		if why := notMade(live); why != "" {
			return why
		}
		if ownership.KeptByPolicy(live.GetAnnotations()) && !ownership.KeptByPolicy(want.GetAnnotations()) {
			return keptByPolicy
		}
		return c.forbidden(refOf(info), want, live)
	}
}

// hooksAt returns the manifests of the hooks that run at one of these events.
func hooksAt(hooks []facts.Hook, events ...release.HookEvent) []string {
	var all []string
	for _, h := range hooks {
		if slices.ContainsFunc(events, func(e release.HookEvent) bool { return slices.Contains(h.Events, e.String()) }) {
			all = append(all, h.Manifest)
		}
	}
	return all
}

// refuseTakenHooks returns a *problem.Problem with the headline refused where a hook has
// the name of an object that is not the release's. Whoever cannot read such an object is
// told when the hook comes to be made: it is not deleted then. A manifest that cannot be
// built is left to Helm, which says why: its kind may come with the chart.
func refuseTakenHooks(c *client, refused string, hooks []string) error {
	var list kube.ResourceList
	for _, manifest := range hooks {
		built, err := c.Build(strings.NewReader(manifest), false)
		if err != nil {
			c.log("whose the object of a hook is was not looked at: %v", err)
			continue
		}
		list = append(list, built...)
	}
	taken := make([]error, len(list))
	var reads errgroup.Group
	reads.SetLimit(parallelRequests)
	for i, info := range list {
		if info.Name == "" {
			continue // it has generateName
		}
		reads.Go(func() error {
			if live, err := readLive(info); err == nil && live != nil {
				if why := c.notHooks(info)(live); why != "" {
					taken[i] = fmt.Errorf("%s is there: %s", refOf(info), why)
				}
			}
			return nil
		})
	}
	_ = reads.Wait()
	if cause := errors.Join(taken...); cause != nil {
		return &problem.Problem{Reason: problem.Foreign, Headline: refused + ": a hook of it would replace what is not this release's.",
			Cause: cause, Next: "Rename the hook in the chart, or remove that object if it is nobody's. Nothing was touched."}
	}
	return nil
}

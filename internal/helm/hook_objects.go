package helm

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	"helm.sh/helm/v3/pkg/kube"
	"helm.sh/helm/v3/pkg/release"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/resource"
	"sigs.k8s.io/yaml"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/internal/problem"
)

// hookObjects tells the objects of a release's hooks from others' of the same name.
// Helm writes no owner on them, and deletes by name.
type hookObjects struct {
	recorded map[facts.Ref]bool // the hooks that stored records name, without their API version
	coming   map[facts.Ref]bool // the chart's, likewise, that the operation does not run
	made     map[facts.Ref]bool // those that have made their object, although nothing marked it
	idle     []string           // the manifests of the chart's that the operation does not run
}

// record notes that a stored record of the release names these hooks. One that cannot be
// read is not noted.
func (h *hookObjects) record(r ownership.Release, hooks []facts.Hook) { name(&h.recorded, r, hooks) }

// unmarked notes that these hooks have made their objects, and marked none.
func (h *hookObjects) unmarked(r ownership.Release, hooks []facts.Hook) { name(&h.made, r, hooks) }

func name(in *map[facts.Ref]bool, r ownership.Release, hooks []facts.Hook) {
	for _, hook := range hooks {
		var o unstructured.Unstructured
		if yaml.Unmarshal([]byte(hook.Manifest), &o.Object) == nil {
			note(in, hookRef(r, &o))
		}
	}
}

func note(in *map[facts.Ref]bool, ref facts.Ref) {
	if *in == nil {
		*in = map[facts.Ref]bool{}
	}
	(*in)[ref] = true
}

// leaveOut notes those of a chart's hooks that run at none of these events. Nothing would make
// anew what the operation deletes of their names: a claim, say, of which the chart makes a hook
// of its install to have it outlive the release.
func (h *hookObjects) leaveOut(r ownership.Release, hooks []facts.Hook, events ...release.HookEvent) {
	h.coming, h.idle = map[facts.Ref]bool{}, nil
	for _, hook := range hooks {
		if len(hooksAt([]facts.Hook{hook}, events...)) > 0 {
			continue
		}
		h.idle = append(h.idle, hook.Manifest)
		objects, err := manifest.Parse(hook.Manifest)
		if err != nil {
			continue // no object can have been made of it either
		}
		for _, o := range objects {
			h.coming[hookRef(r, o)] = true
		}
	}
}

// toCome returns whether a hook that was left out has the name of an object, and is none that
// runs to an end.
func (h *hookObjects) toCome(r ownership.Release, info *resource.Info) bool {
	o := &unstructured.Unstructured{Object: map[string]any{}}
	o.SetGroupVersionKind(info.Mapping.GroupVersionKind)
	o.SetNamespace(info.Namespace)
	o.SetName(info.Name)
	return h.coming[hookRef(r, o)] && o.GetKind() != "Job" && o.GetKind() != "Pod"
}

// hookRef returns which object a hook's manifest is about. It need not name the release's
// own namespace.
func hookRef(r ownership.Release, o *unstructured.Unstructured) facts.Ref {
	ref := facts.Ref{Kind: o.GetKind(), Namespace: o.GetNamespace(), Name: o.GetName()}
	if ref.Namespace == r.Namespace {
		ref.Namespace = ""
	}
	return ref
}

// recordBuilt notes the hooks of a list, which the operation has made. That holds where
// admission takes their mark away.
func (h *hookObjects) recordBuilt(r ownership.Release, list kube.ResourceList) {
	for _, o := range manifests(list) {
		if ownership.IsHook(o.GetAnnotations()) {
			note(&h.recorded, hookRef(r, o))
			note(&h.made, hookRef(r, o))
		}
	}
}

// notMade is the stranger of an object that has the name of a hook: what no hook of the
// release has made. want is the hook's own manifest.
func (h *hookObjects) notMade(r ownership.Release, want *unstructured.Unstructured) stranger {
	return func(live *unstructured.Unstructured) string {
		object := ownership.HookObject{Labels: live.GetLabels(), Annotations: live.GetAnnotations(), Wanted: want.GetLabels(),
			Recorded: h.recorded[hookRef(r, want)], Made: h.made[hookRef(r, want)], Elsewhere: live.GetNamespace() != r.Namespace}
		object.Controller = controllerOf(live)
		return ownership.NotByHookOf(r, object)
	}
}

// notHooks is notMade for a hook that was built, and the stranger of what is not to be
// deleted although it is the release's.
func (c *client) notHooks(info *resource.Info) stranger {
	want := manifests(kube.ResourceList{info})[0]
	notMade := c.hookObjects.notMade(c.release, want)
	return func(live *unstructured.Unstructured) string {
		if why := notMade(live); why != "" {
			return why
		}
		if why := c.takenOver(refOf(info), live); why != "" {
			return why
		}
		if why := ownership.KeptFromHook(live.GetAnnotations(), want.GetAnnotations(), isClaim(info)); why != "" {
			return why
		}
		return c.forbidden(refOf(info), want, live)
	}
}

func isClaim(info *resource.Info) bool {
	gvk := info.Mapping.GroupVersionKind
	return gvk.Group == "" && gvk.Kind == "PersistentVolumeClaim"
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
	for _, text := range hooks {
		built, err := c.Build(strings.NewReader(text), false)
		if err != nil {
			c.log("whose the object of a hook is was not looked at: %v", err)
			continue
		}
		list = append(list, built...)
	}
	c.hooked = list
	taken := make([]error, len(list))
	var reads errgroup.Group
	reads.SetLimit(parallelRequests)
	for i, info := range list {
		if info.Name == "" {
			continue // it has generateName
		}
		reads.Go(func() error {
			if live, err := c.readLive(info); err == nil && live != nil {
				if why := c.notHooks(info)(live); why != "" {
					taken[i] = fmt.Errorf("%s is there: %s", refOf(info), why)
				}
			}
			return nil
		})
	}
	_ = reads.Wait()
	if cause := errors.Join(taken...); cause != nil {
		return &problem.Problem{Reason: problem.Foreign,
			Headline: refused + ": a hook of it would replace what is not this release's, or is to be kept.",
			Cause:    cause, Next: "Rename the hook in the chart, or remove that object if nobody needs it. Nothing was touched."}
	}
	return nil
}

package helm

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	"helm.sh/helm/v3/pkg/kube"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/berth-dev/berth/internal/manifest"
)

// deleteAll deletes objects of the release in parallel, but for those that stay. Volumes come
// after the claims that may be bound to them, and Namespaces and definitions of kinds last: one
// stays, too, where an object that was left would go with it. They are told apart by their names: no
// namespace is called like a definition, whose name has dots.
func (c *client) deleteAll(list kube.ResourceList, workers int, policy func(*resource.Info) metav1.DeletionPropagation,
	n needed) (done []deletion, errs []error) {
	done, errs = make([]deletion, len(list)), make([]error, len(list))
	each := func(wanted func(*resource.Info) bool, whose func(*resource.Info) stranger) {
		var calls errgroup.Group
		calls.SetLimit(workers)
		for i, info := range list {
			if wanted(info) {
				calls.Go(func() error {
					done[i], errs[i] = c.deleteOwn(info, policy(info), whose(info))
					return nil // errs has it
				})
			}
		}
		_ = calls.Wait()
	}
	each(func(info *resource.Info) bool { return !takesAlong(info) && !isVolume(info) }, func(info *resource.Info) stranger {
		return func(live *unstructured.Unstructured) string {
			return cmp.Or(c.stays(info)(live), n.claimedBy(info), n.namedBy(info))
		}
	})
	each(isVolume, func(info *resource.Info) stranger {
		return func(live *unstructured.Unstructured) string { return cmp.Or(c.stays(info)(live), n.bound[info.Name]) }
	})
	all := map[string]string{}
	for i, info := range list {
		if done[i].left != "" || errs[i] != nil {
			hold(all, info, ", which is left,")
		}
	}
	maps.Copy(all, n.held)
	each(takesAlong, func(info *resource.Info) stranger {
		return func(live *unstructured.Unstructured) string {
			if why := c.stays(info)(live); why != "" {
				return why
			}
			return all[info.Name]
		}
	})
	return done, errs
}

// takesAlong reports whether what is in an object, or of the kind that it defines, goes with
// it.
func takesAlong(info *resource.Info) bool { return kindTakesAlong(info.Mapping.GroupVersionKind) }

func kindTakesAlong(gvk schema.GroupVersionKind) bool {
	return gvk.Group == "" && gvk.Kind == "Namespace" || gvk.Group == "apiextensions.k8s.io" && gvk.Kind == "CustomResourceDefinition"
}

func isVolume(info *resource.Info) bool { return kindIsVolume(info.Mapping.GroupVersionKind) }

func kindIsVolume(gvk schema.GroupVersionKind) bool {
	return gvk.Group == "" && gvk.Kind == "PersistentVolume"
}

// hold notes by its name what an object would go with: its namespace, and its kind's definition,
// which built-in kinds have none of.
func hold(held map[string]string, info *resource.Info, which string) {
	held[info.Namespace] = nameOf(refOf(info)) + which + " is in it"
	of := info.Mapping.Resource
	held[of.Resource+"."+of.Group] = nameOf(refOf(info)) + which + " is of its kind"
}

// needed is what must not go with what the manifest has no more.
type needed struct {
	held   map[string]string // why a Namespace or a definition stays, by its name
	bound  map[string]string // why a PersistentVolume stays, by its name
	claims []claimant        // the StatefulSets whose claims stay
	// objects are those that may name a claim, which stays then, in the release's namespace
	// where they say none.
	objects   manifest.Objects
	namespace string
}

// neededBy returns what the manifest and the hooks of the chart need, also those that the operation
// does not run, whose objects nothing would make anew: the namespaces and the definitions of their
// objects, and the claims of their StatefulSets and pods. So does what has the definitions in the chart's crds
// folder, which an upgrade makes only where they are missing when it begins.
func (c *client) neededBy(target, original kube.ResourceList) (n needed) {
	if !slices.ContainsFunc(original, func(info *resource.Info) bool { return takesAlong(info) || isClaim(info) }) {
		return n
	}
	n.held = map[string]string{}
	for _, name := range c.definitions {
		n.held[name] = "the chart has it in its crds folder"
	}
	ofHooks := slices.Concat(c.hooked, c.idle())
	for _, info := range ofHooks {
		hold(n.held, info, ", of a hook of the release,")
	}
	for _, info := range target {
		hold(n.held, info, ", of the release,")
	}
	n.claims = claimants(slices.Concat(ofHooks, target))
	n.objects, n.namespace = manifests(slices.Concat(ofHooks, target)), c.release.Namespace
	return n
}

// idle builds the objects of the chart's hooks that the operation does not run. What cannot be
// built, such as of a kind that is not served, is none.
func (c *client) idle() (list kube.ResourceList) {
	for _, text := range c.hookObjects.idle {
		built, err := c.Build(strings.NewReader(text), false)
		if err != nil {
			c.log("what a hook needs that is not run was not looked at: %v", err)
			continue
		}
		list = append(list, built...)
	}
	return list
}

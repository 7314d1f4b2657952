//go:build conformance

package conformance

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/berth-dev/berth/test/kubetest"
)

// served is a kind that the API server lists.
type served struct {
	schema.GroupVersionResource
	kind       string
	namespaced bool
	status     bool // it has a status of its own, which controllers write
}

// cluster is every object of the cluster, of every kind that discovery names.
type cluster struct {
	client dynamic.Interface
	kinds  []served
}

func readCluster(t *testing.T, c *kubetest.Cluster) *cluster {
	t.Helper()
	config := c.Config()
	config.WarningHandler = rest.NoWarnings{} // some kinds are deprecated, and looked at all the same
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	// An error is about groups that other rows take away at this moment.
	lists, err := c.Client().Discovery().ServerPreferredResources()
	if lists == nil {
		t.Fatal(err)
	}
	all := &cluster{client: client}
	status := map[schema.GroupVersionResource]bool{}
	_, full, err := c.Client().Discovery().ServerGroupsAndResources()
	if full == nil {
		t.Fatal(err)
	}
	for _, list := range full {
		gv, _ := schema.ParseGroupVersion(list.GroupVersion) // the API server's own
		for _, r := range list.APIResources {
			if of, ok := strings.CutSuffix(r.Name, "/status"); ok {
				status[gv.WithResource(of)] = true
			}
		}
	}
	for _, list := range lists {
		gv, _ := schema.ParseGroupVersion(list.GroupVersion)
		for _, r := range list.APIResources {
			if gvr := gv.WithResource(r.Name); slices.Contains(r.Verbs, "list") {
				all.kinds = append(all.kinds, served{gvr, r.Kind, r.Namespaced, status[gvr]})
			}
		}
	}
	return all
}

// place is where objects of a kind are.
func (c *cluster) place(t *testing.T, o *unstructured.Unstructured) dynamic.ResourceInterface {
	t.Helper()
	gvk := o.GroupVersionKind()
	for _, k := range c.kinds {
		if k.kind == gvk.Kind && k.Group == gvk.Group && k.namespaced {
			return c.client.Resource(k.GroupVersionResource).Namespace(o.GetNamespace())
		} else if k.kind == gvk.Kind && k.Group == gvk.Group {
			return c.client.Resource(k.GroupVersionResource)
		}
	}
	t.Fatalf("the API server does not serve %s", gvk)
	return nil
}

// seen is an object as it was read, without what the control plane changes by itself.
type seen struct {
	resource, namespace, name string
	text                      string // its JSON
}

func (o seen) String() string { return fmt.Sprintf("%s %s/%s", o.resource, o.namespace, o.name) }

// look returns every object of the cluster by its UID, but for the exceptions. own is
// the release's own namespace, and mine are all that the case has made.
func (c *cluster) look(t *testing.T, own string, mine ...string) map[types.UID]seen {
	t.Helper()
	var (
		mu    sync.Mutex
		all   = map[types.UID]seen{}
		lists errgroup.Group
	)
	lists.SetLimit(8)
	for _, kind := range c.kinds {
		if whole(kind) != "" {
			continue
		}
		lists.Go(func() error {
			list, err := c.client.Resource(kind.GroupVersionResource).List(t.Context(), metav1.ListOptions{})
			if apierrors.IsNotFound(err) || apierrors.IsMethodNotSupported(err) {
				return nil // another row's kind, which is gone
			}
			if err != nil && strings.Contains(err.Error(), "conversion webhook") {
				return nil // one that another row has made unreadable
			}
			if err != nil {
				return fmt.Errorf("list %s: %w", kind.GroupResource(), err)
			}
			mu.Lock()
			defer mu.Unlock()
			for _, o := range list.Items {
				if single(kind, &o) == "" && !ofOtherRows(&o, mine) {
					all[o.GetUID()] = seen{kind.GroupResource().String(), o.GetNamespace(), o.GetName(), trimmed(kind, &o, own)}
				}
			}
			return nil
		})
	}
	if err := lists.Wait(); err != nil {
		t.Fatal(err)
	}
	return all
}

// whole is why a kind is not looked at, or "".
func whole(kind served) string {
	switch kind.GroupResource().String() {
	case "events", "events.events.k8s.io":
		return "everybody tells what happens by them"
	case "nodes", "csinodes.storage.k8s.io", "componentstatuses":
		return "they say how the plane does"
	case "ipaddresses.networking.k8s.io":
		return "the API server makes one for each Service, of the release, too"
	}
	return ""
}

// single is why an object is not looked at, or "".
func single(kind served, o *unstructured.Unstructured) string {
	switch {
	case kind.Resource == "leases" && slices.Contains([]string{"kube-system", "kube-node-lease"}, o.GetNamespace()):
		return "the plane's parts are elected by them, and nodes live by them"
	case kind.Resource == "endpointslices" && o.GetLabels()["endpointslice.kubernetes.io/managed-by"] != "",
		kind.Resource == "endpoints" && o.GetLabels()["endpoints.kubernetes.io/managed-by"] != "":
		return "a controller keeps it by the pods that a Service selects, which may be the release's"
	}
	return ""
}

// uniquePart is what is in every name that a test chooses for the whole cluster, and after
// an "a" in those of the namespaces that Berth names for a row's app.
var uniquePart = regexp.MustCompile(`(^|[-.])a?[0-9a-f]{8}($|[-.])`)

// ofOtherRows returns whether rows that run beside the case have made an object, or may
// change it: it is in a namespace of theirs or has its name, or is in the namespace
// default, to which row S34 deploys.
func ofOtherRows(o *unstructured.Unstructured, mine []string) bool {
	where := o.GetNamespace()
	if where == "" {
		where = o.GetName()
	}
	isMine := func(name string) bool { return strings.Contains(where, name) }
	return where == "default" || uniquePart.MatchString(where) && !slices.ContainsFunc(mine, isMine)
}

// trimmed is an object's JSON without what the control plane changes by itself:
// the status of kinds that have one, and with it their resourceVersion and the
// managedFields that tell of it; the number of its revision that the controller writes
// on a Deployment; and what Berth notes on the release's own namespace.
func trimmed(kind served, o *unstructured.Unstructured, own string) string {
	if kind.Resource == "namespaces" && o.GetName() == own {
		noted := func(key, _ string) bool { return strings.HasPrefix(key, "berth.dev/") }
		o.SetAnnotations(leaving(o.GetAnnotations(), noted))
		o.SetLabels(leaving(o.GetLabels(), noted))
		o.SetManagedFields(nil)
	}
	if kind.Resource == "deployments" {
		o.SetAnnotations(leaving(o.GetAnnotations(), func(key, _ string) bool { return key == "deployment.kubernetes.io/revision" }))
	}
	if kind.status {
		delete(o.Object, "status")
		o.SetResourceVersion("")
		o.SetManagedFields(slices.DeleteFunc(o.GetManagedFields(), func(m metav1.ManagedFieldsEntry) bool {
			return m.Subresource != "" || m.Manager == "kube-controller-manager"
		}))
	}
	text, _ := json.Marshal(o.Object) // it was JSON
	return string(text)
}

// leaving returns the labels or annotations but for some.
func leaving(all map[string]string, drop func(key, value string) bool) map[string]string {
	left := map[string]string{}
	for k, v := range all {
		if !drop(k, v) {
			left[k] = v
		}
	}
	return left
}

// changed says what became of an object, or "".
func changed(was, now seen, there bool) string {
	switch {
	case !there:
		return "it is gone"
	case was.text != now.text:
		return fmt.Sprintf("what was\n%s\nis\n%s", was.text, now.text)
	}
	return ""
}

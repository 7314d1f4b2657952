//go:build cluster

package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/restmapper"

	"github.com/berth-dev/berth/test/kubetest"
)

// controllersLimit bounds how long the controllers take to have seen a release.
// The autoscaler's looks every 15 seconds.
const controllersLimit = 40 * time.Second

// object is one object of the report.
type object struct{ apiVersion, kind, namespace, name string }

func (o object) String() string { return o.kind + "/" + o.name }

// objects are what the report says the release has.
func (e ended) objects(t *testing.T) (all []object) {
	t.Helper()
	reported, _ := e.report["objects"].([]any)
	for _, r := range reported {
		fields, _ := r.(map[string]any)
		text := func(key string) string { s, _ := fields[key].(string); return s }
		all = append(all, object{text("apiVersion"), text("kind"), text("namespace"), text("name")})
	}
	return all
}

// awaitControllers waits until each object shows that its controller has looked
// at it as it is now.
func (s *shape) awaitControllers(objects []object) {
	s.t.Helper()
	resources, err := restmapper.GetAPIGroupResources(s.Client().Discovery())
	if err != nil {
		s.t.Fatal(err)
	}
	mapper := restmapper.NewDiscoveryRESTMapper(resources)
	for _, o := range objects {
		gvk := schema.FromAPIVersionAndKind(o.apiVersion, o.kind)
		mapping, err := mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
		if err != nil {
			s.t.Fatalf("%s: %v", o, err)
		}
		kubetest.Eventually(s.t, controllersLimit, func() (bool, string) {
			live, err := s.dynamic().Resource(mapping.Resource).Namespace(o.namespace).Get(s.t.Context(), o.name, metav1.GetOptions{})
			if err != nil {
				return false, err.Error()
			}
			return s.seen(live), fmt.Sprintf("no controller has seen %s: %v", o, live.Object["status"])
		})
	}
}

// seen reports whether what controllers write about an object is there. Of kinds
// that none looks at, it is true.
func (s *shape) seen(live *unstructured.Unstructured) bool {
	number := func(fields ...string) int64 {
		n, _, _ := unstructured.NestedInt64(live.Object, fields...)
		return n
	}
	has := func(fields ...string) bool {
		_, found, _ := unstructured.NestedFieldNoCopy(live.Object, fields...)
		return found
	}
	switch live.GetKind() {
	case "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "PodDisruptionBudget":
		return number("status", "observedGeneration") == live.GetGeneration()
	case "HorizontalPodAutoscaler":
		return number("status", "currentReplicas") >= max(1, number("spec", "minReplicas"))
	case "Job":
		return has("status", "startTime")
	case "CustomResourceDefinition":
		return has("status", "conditions") && (!has("spec", "conversion", "webhook") || hasBundle(live))
	case "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration":
		return hasBundle(live)
	case "ResourceQuota":
		return has("status", "hard")
	case "PersistentVolumeClaim":
		return has("spec", "volumeName")
	case "Secret":
		kind, _, _ := unstructured.NestedString(live.Object, "type")
		return kind != "kubernetes.io/service-account-token" || has("data", "token")
	case "ClusterRole":
		rules, _, _ := unstructured.NestedSlice(live.Object, "rules")
		return !has("aggregationRule") || len(rules) > 0
	case "Service":
		selector, _, _ := unstructured.NestedMap(live.Object, "spec", "selector")
		return len(selector) == 0 || s.hasEndpoints(live.GetName())
	}
	return true
}

func (s *shape) hasEndpoints(service string) bool {
	slices, err := s.Client().DiscoveryV1().EndpointSlices(s.namespace).List(s.t.Context(),
		metav1.ListOptions{LabelSelector: discoveryv1.LabelServiceName + "=" + service})
	return err == nil && len(slices.Items) > 0
}

// removeKeptDefinitions removes the CRDs that the shape's charts keep, which are
// of a group of the test's own.
func (s *shape) removeKeptDefinitions() {
	ctx := context.WithoutCancel(s.t.Context())
	api := s.dynamic().Resource(definitions)
	all, err := api.List(ctx, metav1.ListOptions{})
	if err != nil {
		s.t.Errorf("listing the CRDs that are left: %v", err)
		return
	}
	for _, crd := range all.Items {
		if !strings.Contains(crd.GetName(), "."+s.namespace+".") {
			continue
		}
		if err := api.Delete(ctx, crd.GetName(), metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			s.t.Errorf("deleting the CRD %s: %v", crd.GetName(), err)
		}
	}
}

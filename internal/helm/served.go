package helm

import (
	"context"
	"slices"
	"time"

	"helm.sh/helm/v3/pkg/kube"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/berth-dev/berth/internal/problem"
)

// await returns when the API server serves what was made. It lists a new kind
// somewhat later than it calls the definition established.
func (d definitions) await(ctx context.Context, wanted, made kube.ResourceList) error {
	if len(made) > 0 {
		if _, err := d.waiter.Ready(ctx, applied(made), false); err != nil {
			return d.unserved(err)
		}
	}
	if d.knowsAll(wanted) {
		return nil
	}
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for {
		meta.MaybeResetRESTMapper(d.mapper) // and the run's discovery, on which it stands
		if d.knowsAll(made) {
			return nil
		}
		select {
		case <-ctx.Done():
			return d.unserved(context.Cause(ctx))
		case <-tick.C:
		}
	}
}

func (d definitions) unserved(cause error) error {
	return &problem.Problem{Reason: problem.DeployFailed, Tried: "wait until the API server serves the chart's CRDs", Cause: cause,
		Next: "See the conditions of these CRDs: another one may have the same names. Nothing else was made."}
}

func (d definitions) knowsAll(list kube.ResourceList) bool {
	return !slices.ContainsFunc(list, func(info *resource.Info) bool {
		return slices.ContainsFunc(kinds(info), func(k schema.GroupVersionKind) bool { return !d.knows(k) })
	})
}

func (d definitions) knows(k schema.GroupVersionKind) bool {
	_, err := d.mapper.RESTMapping(k.GroupKind(), k.Version)
	return err == nil
}

// kinds are what a custom resource definition has the API server serve.
func kinds(info *resource.Info) []schema.GroupVersionKind {
	definition, ok := info.Object.(*unstructured.Unstructured)
	if !ok || definition.GetKind() != "CustomResourceDefinition" {
		return nil
	}
	group, _, _ := unstructured.NestedString(definition.Object, "spec", "group")
	kind, _, _ := unstructured.NestedString(definition.Object, "spec", "names", "kind")
	versions, _, _ := unstructured.NestedSlice(definition.Object, "spec", "versions")
	var served []schema.GroupVersionKind
	for _, v := range versions {
		version, _ := v.(map[string]any)
		if name, ok := version["name"].(string); ok && version["served"] == true {
			served = append(served, schema.GroupVersionKind{Group: group, Version: name, Kind: kind})
		}
	}
	return served
}

package kube

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/restmapper"

	"github.com/berth-dev/berth/internal/problem"
)

// kindMapper maps kinds to resources by the run's discovery. Its NoMatch error
// means that the API server has no such kind. client-go's mapper returns one, too,
// where discovery failed for the kind's group, for example because the server of
// an aggregated API is down; then kindMapper returns a *problem.Problem, so that
// what is not known is not taken for absent.
type kindMapper struct {
	*restmapper.DeferredDiscoveryRESTMapper
	discovery discovery.CachedDiscoveryInterfaceWithContext
}

func newKindMapper(d discovery.CachedDiscoveryInterface) *kindMapper {
	return &kindMapper{restmapper.NewDeferredDiscoveryRESTMapper(d), discovery.ToCachedDiscoveryInterfaceWithContext(d)}
}

// RESTMapping implements meta.RESTMapper.
func (m *kindMapper) RESTMapping(gk schema.GroupKind, versions ...string) (*meta.RESTMapping, error) {
	return m.RESTMappingWithContext(context.Background(), gk, versions...)
}

// RESTMappingWithContext implements meta.RESTMapperWithContext.
func (m *kindMapper) RESTMappingWithContext(ctx context.Context, gk schema.GroupKind, versions ...string) (*meta.RESTMapping, error) {
	mapping, err := m.DeferredDiscoveryRESTMapper.RESTMappingWithContext(ctx, gk, versions...)
	if !meta.IsNoMatchError(err) {
		return mapping, err
	}
	if why := m.unknown(ctx, gk.Group); why != nil {
		return nil, &problem.Problem{
			Reason: problem.Unanswered,
			Tried:  fmt.Sprintf("find out whether the API server has the kind %s", gk),
			Cause:  why,
			Next:   "See which API is not available (kubectl get apiservices), fix or remove it, then run again.",
		}
	}
	return nil, err
}

// unknown returns why discovery does not know what a group holds, or nil.
func (m *kindMapper) unknown(ctx context.Context, group string) error {
	_, lists, err := m.discovery.ServerGroupsAndResourcesWithContext(ctx)
	var failed *discovery.ErrGroupDiscoveryFailed
	switch {
	case errors.As(err, &failed):
		for version, why := range failed.Groups {
			if version.Group == group {
				return fmt.Errorf("it does not say what %s holds: %w", version, why)
			}
		}
	case err != nil:
		return err
	}
	if !slices.ContainsFunc(lists, func(l *metav1.APIResourceList) bool { return l.GroupVersion == "v1" }) {
		return errors.New("its answer lacks even the core API")
	}
	return nil
}

package record

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/selection"
	"k8s.io/client-go/tools/pager"

	"github.com/berth-dev/berth/internal/ownership"
)

// named selects what carries a release's name, or an empty one.
func named(release string) (labels.Selector, error) {
	return selector(labelName, selection.In, release, "")
}

// nameless selects what carries no name: next to nothing among Secrets of
// Helm's type. ConfigMaps have no type; what a chart installed is left out.
func (s *Store) nameless() (labels.Selector, error) {
	if s.opts.Kind == Secrets {
		return selector(labelName, selection.DoesNotExist)
	}
	none, err := selector(ownership.LabelManagedBy, selection.DoesNotExist)
	if err != nil {
		return nil, err
	}
	without, err := labels.NewRequirement(labelName, selection.DoesNotExist, nil)
	if err != nil {
		return nil, err
	}
	return none.Add(*without), nil
}

func selector(key string, op selection.Operator, values ...string) (labels.Selector, error) {
	r, err := labels.NewRequirement(key, op, values)
	if err != nil {
		return nil, err
	}
	return labels.NewSelector().Add(*r), nil
}

// options select records of the store's kind.
func (s *Store) options(selector labels.Selector) metav1.ListOptions {
	o := metav1.ListOptions{LabelSelector: selector.String()}
	if s.opts.Kind == Secrets {
		o.FieldSelector = fields.OneTermEqualSelector("type", secretType).String()
	}
	return o
}

// each calls fn with the metadata of everything that options select, page by
// page, and returns the resourceVersion that the list is as of.
func (s *Store) each(ctx context.Context, options metav1.ListOptions, fn func(*metav1.ObjectMeta)) (version string, err error) {
	pages := pager.New(func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		list, err := retry(ctx, s, readTimeout, func(ctx context.Context) (*metav1.PartialObjectMetadataList, error) {
			return s.metadata.List(ctx, options)
		})
		if err == nil {
			version = list.ResourceVersion // every page is as of the first
		}
		return list, err
	})
	err = pages.EachListItem(ctx, options, func(obj runtime.Object) error {
		fn(&obj.(*metav1.PartialObjectMetadata).ObjectMeta)
		return nil
	})
	return version, s.explain("list", "list", "", err)
}

// eachRecord is each for records: where their kind has no type, what is not
// one is left out.
func (s *Store) eachRecord(ctx context.Context, selector labels.Selector, fn func(*metav1.ObjectMeta)) (version string, err error) {
	return s.each(ctx, s.options(selector), func(meta *metav1.ObjectMeta) {
		if s.opts.Kind == Secrets || meta.Labels[labelOwner] == ownerHelm || isKey(meta.Name) {
			fn(meta)
		}
	})
}

// unlistable is the error of a selector that cannot be made of a name.
func (s *Store) unlistable(err error) error {
	return fmt.Errorf("%s: %w", s.tried("list", ""), err)
}

package record

import (
	"context"
	"errors"
	"fmt"

	"github.com/cenkalti/backoff/v4"
	"helm.sh/helm/v3/pkg/storage/driver"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/selection"
	"k8s.io/apimachinery/pkg/watch"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/tools/pager"

	"github.com/berth-dev/berth/internal/facts"
)

// client reads the objects of one location and retries. Its errors are explained,
// see location.explain; driver.ErrReleaseNotFound is returned as it is.
type client struct {
	location
	objects  objects
	metadata metadata.ResourceInterface
	backoff  func() backoff.BackOff // for one call's retries
	log      func(format string, args ...any)
}

// Clients are the clients that requests are sent with. Both are required.
type Clients struct {
	Core     corev1client.CoreV1Interface
	Metadata metadata.Interface
}

// newClient returns a client of the records at l. It sends nothing.
func newClient(c Clients, l location, pace func() backoff.BackOff, log func(string, ...any)) (*client, error) {
	if c.Core == nil || c.Metadata == nil {
		return nil, fmt.Errorf("open the release records: a client is missing")
	}
	objects, err := newObjects(l.kind, c.Core, l.namespace)
	if err != nil {
		return nil, err
	}
	resource := c.Metadata.Resource(l.kind.groupVersionResource())
	return &client{location: l, objects: objects, metadata: resource.Namespace(l.namespace), backoff: pace, log: log}, nil
}

// get reads a record with its payload.
func (c *client) get(ctx context.Context, key string) (*object, error) {
	obj, err := retry(ctx, c.backoff(), readTimeout, func(ctx context.Context) (*object, error) {
		return c.objects.get(ctx, key)
	})
	if apierrors.IsNotFound(err) {
		return nil, driver.ErrReleaseNotFound
	}
	return obj, c.explain("read", "get", key, err)
}

// getSame reads a record that was listed, in whatever version it is now. The error
// wraps facts.ErrChanged when the record was deleted, or another one has its name.
func (c *client) getSame(ctx context.Context, rec *facts.Record) (*object, error) {
	obj, err := c.get(ctx, rec.Key)
	if errors.Is(err, driver.ErrReleaseNotFound) {
		return nil, c.explain("read", "get", rec.Key, errDeleted)
	}
	if err != nil {
		return nil, err
	}
	if rec.UID != "" && rec.UID != string(obj.UID) {
		return nil, c.explain("read", "get", rec.Key, conflictWith(obj))
	}
	return obj, nil
}

// conflictWith returns the conflict with what is stored in the place of the record
// that was read.
func conflictWith(found *object) *ConflictError {
	e := &ConflictError{Key: found.Name, Status: facts.Status(found.Labels[labelStatus])}
	if _, managers := lastWrite(&found.ObjectMeta); len(managers) > 0 {
		e.By = managers[0]
	}
	return e
}

// getMetadata reads a record's metadata alone.
func (c *client) getMetadata(ctx context.Context, key string) (*metav1.ObjectMeta, error) {
	found, err := retry(ctx, c.backoff(), readTimeout, func(ctx context.Context) (*metav1.PartialObjectMetadata, error) {
		return c.metadata.Get(ctx, key, metav1.GetOptions{})
	})
	if apierrors.IsNotFound(err) {
		return nil, driver.ErrReleaseNotFound
	}
	if err != nil {
		return nil, c.explain("read", "get", key, err)
	}
	return &found.ObjectMeta, nil
}

// list calls fn with the metadata of every object that the options select, page
// by page, and returns the list's resourceVersion.
func (c *client) list(ctx context.Context, options metav1.ListOptions, fn func(*metav1.ObjectMeta)) (version string, err error) {
	pages := pager.New(func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		list, err := retry(ctx, c.backoff(), readTimeout, func(ctx context.Context) (*metav1.PartialObjectMetadataList, error) {
			return c.metadata.List(ctx, options)
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
	return version, c.explain("list", "list", "", err)
}

// listRecords is list for records. Secrets are records by their type, ConfigMaps
// by their owner label or their name.
func (c *client) listRecords(ctx context.Context, selector labels.Selector, fn func(*metav1.ObjectMeta)) (version string, err error) {
	return c.list(ctx, c.recordOptions(selector), func(meta *metav1.ObjectMeta) {
		if c.kind == Secrets || meta.Labels[labelOwner] == ownerHelm || isKey(meta.Name) {
			fn(meta)
		}
	})
}

// watchRecords watches records from a list's resourceVersion on, until the API
// server ends the watch after this many seconds. It is not retried, and its errors
// are the API server's.
func (c *client) watchRecords(ctx context.Context, selector labels.Selector, version string, seconds int64) (watch.Interface, error) {
	options := c.recordOptions(selector)
	options.ResourceVersion, options.TimeoutSeconds = version, &seconds
	return c.metadata.Watch(ctx, options)
}

func (c *client) recordOptions(selector labels.Selector) metav1.ListOptions {
	o := metav1.ListOptions{LabelSelector: selector.String()}
	if c.kind == Secrets {
		o.FieldSelector = fields.OneTermEqualSelector("type", secretType).String()
	}
	return o
}

func newSelector(key string, op selection.Operator, values ...string) (labels.Selector, error) {
	r, err := labels.NewRequirement(key, op, values)
	if err != nil {
		return nil, err
	}
	return labels.NewSelector().Add(*r), nil
}

// Package record stores Helm's release records: a driver.Driver of Berth's own
// on Secrets or ConfigMaps, in Helm's format, so that the Helm 3 and Helm 4
// command lines read and upgrade what it writes.
//
// Helm's driver overwrites unconditionally and Helm swallows the error of the
// write that matters most (https://github.com/helm/helm/issues/13189). This
// store writes only over the version it read, retries what is worth retrying,
// reads back when an answer was lost, and keeps an audit of every write.
package record

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/berth-dev/berth/internal/verdict"
	"github.com/cenkalti/backoff/v4"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/metadata"
)

// Clients are the connections that internal/kube hands to the store.
type Clients struct {
	Core     corev1client.CoreV1Interface
	Metadata metadata.Interface
}

// Options say where the records are and in whose name they are written.
type Options struct {
	Kind      Kind
	Namespace string

	// Stamp holds the run and its deadline. The revision is filled in from
	// the release that is created.
	Stamp verdict.Stamp
	// Identity is the hash of the branch the records belong to.
	Identity string
	// Annotations are put on every record that is created.
	Annotations map[string]string
	// RunURLAnnotation is the one among them that holds the run's URL.
	RunURLAnnotation string

	// Backoff gives the pace of one call's retries; nil is a bounded default.
	Backoff func() backoff.BackOff
	// Context bounds every request. Helm's driver interface carries none.
	Context context.Context
	// Log gets debug lines; nil drops them.
	Log func(format string, args ...any)
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Started is what the audit's times count from; zero is now.
	Started time.Time
}

// Store keeps the records of one namespace for one run. It is safe for
// concurrent use: Helm may still be writing while the audit is read.
type Store struct {
	opts       Options
	objects    objects
	metadata   metadata.ResourceInterface
	everywhere metadata.ResourceInterface // metadata in all namespaces
	*memory
}

// memory is what a run's views of its store know in common.
type memory struct {
	mu sync.Mutex
	// handed holds, for each release that the store handed out or wrote, the
	// object it came from. Compare-and-swap binds to the pointer, not to the
	// key: Helm reads the history again between reading a release and
	// updating it, so the newest version read is not the one updated.
	handed map[*release.Release]*object
	// versions are the resourceVersions of records as last listed, loaded or
	// written, by UID.
	versions map[types.UID]string
	listed   map[string]listing // by release, as last listed
	audit    []entry
}

var _ driver.Driver = (*Store)(nil)

// New checks the options and returns a store. It sends nothing.
func New(c Clients, o Options) (*Store, error) {
	if c.Core == nil || c.Metadata == nil {
		return nil, fmt.Errorf("open the release records: a client is missing")
	}
	if o.Namespace == "" {
		return nil, fmt.Errorf("open the release records: no namespace given")
	}
	for label, value := range map[string]string{LabelRun: o.Stamp.Run, LabelIdentity: o.Identity} {
		if errs := validation.IsValidLabelValue(value); len(errs) > 0 {
			return nil, fmt.Errorf("open the release records: %q cannot be the label %s: %s", value, label, errs[0])
		}
	}
	objects, err := objectsOf(o.Kind, c.Core, o.Namespace)
	if err != nil {
		return nil, err
	}
	resource := c.Metadata.Resource(o.Kind.resource())
	return &Store{
		opts:       o.withDefaults(),
		objects:    objects,
		metadata:   resource.Namespace(o.Namespace),
		everywhere: resource,
		memory: &memory{
			handed:   make(map[*release.Release]*object),
			versions: make(map[types.UID]string),
			listed:   make(map[string]listing),
		},
	}, nil
}

// Operation is the store as one Helm operation sees it: what it sends goes
// through core, which the operation's fence can close, and what it creates is
// stamped with the deadline. Memory and audit are the run's.
func (s *Store) Operation(core corev1client.CoreV1Interface, deadline time.Time) (*Store, error) {
	objects, err := objectsOf(s.opts.Kind, core, s.opts.Namespace)
	if err != nil {
		return nil, err
	}
	o := *s
	o.objects, o.opts.Stamp.Deadline = objects, deadline
	return &o, nil
}

func objectsOf(k Kind, core corev1client.CoreV1Interface, namespace string) (objects, error) {
	switch k {
	case Secrets:
		return secrets{core.Secrets(namespace)}, nil
	case ConfigMaps:
		return configMaps{core.ConfigMaps(namespace)}, nil
	}
	return nil, fmt.Errorf("open the release records: unknown kind %q", k)
}

func (o Options) withDefaults() Options {
	if o.Backoff == nil {
		o.Backoff = defaultBackoff
	}
	if o.Context == nil {
		o.Context = context.Background()
	}
	if o.Log == nil {
		o.Log = func(string, ...any) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Started.IsZero() {
		o.Started = o.Now()
	}
	return o
}

// Namespace is where the records are.
func (s *Store) Namespace() string { return s.opts.Namespace }

// Name is what Helm calls a driver of this kind.
func (s *Store) Name() string { return s.opts.Kind.driverName() }

// remember binds a release to the object that it was read from or written to.
func (s *Store) remember(rls *release.Release, obj *object) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handed[rls] = obj
	s.versions[obj.UID] = obj.ResourceVersion
}

// saw notes which version of a record is known.
func (s *Store) saw(meta *metav1.ObjectMeta) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.versions[meta.UID] = meta.ResourceVersion
}

// version is the version in which a record is known; "" when it is not.
func (s *Store) version(uid string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.versions[types.UID(uid)]
}

// origin is the object that a release came from, nil when it is not known.
func (s *Store) origin(rls *release.Release, key string) *object {
	s.mu.Lock()
	defer s.mu.Unlock()
	if obj := s.handed[rls]; obj != nil && obj.Name == key {
		return obj
	}
	return nil
}

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
	"time"

	"github.com/cenkalti/backoff/v4"
	"helm.sh/helm/v3/pkg/storage/driver"
	"k8s.io/apimachinery/pkg/util/validation"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/metadata"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/ownership"
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
	Stamp facts.Stamp
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

var _ driver.Driver = (*Store)(nil)

// New checks the options and returns a store. It sends nothing.
func New(c Clients, o Options) (*Store, error) {
	if o.Namespace == "" {
		return nil, fmt.Errorf("open the release records: no namespace given")
	}
	for label, value := range map[string]string{LabelRun: o.Stamp.Run, ownership.LabelIdentity: o.Identity} {
		if errs := validation.IsValidLabelValue(value); len(errs) > 0 {
			return nil, fmt.Errorf("open the release records: %q cannot be the label %s: %s", value, label, errs[0])
		}
	}
	s := &Store{opts: o.withDefaults(), memory: newMemory()}
	return s, s.connect(c)
}

// Operation is the store as one Helm operation sees it: what it sends goes
// through clients that the operation's fence can close, and what it creates is
// stamped with the deadline. Memory and audit are the run's.
func (s *Store) Operation(c Clients, deadline time.Time) (*Store, error) {
	o := *s
	o.opts.Stamp.Deadline = deadline
	return &o, o.connect(c)
}

// connect makes the store use these clients.
func (s *Store) connect(c Clients) (err error) {
	if c.Core == nil || c.Metadata == nil {
		return fmt.Errorf("open the release records: a client is missing")
	}
	s.everywhere = c.Metadata.Resource(s.opts.Kind.resource())
	s.metadata = c.Metadata.Resource(s.opts.Kind.resource()).Namespace(s.opts.Namespace)
	s.objects, err = objectsOf(s.opts.Kind, c.Core, s.opts.Namespace)
	return err
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

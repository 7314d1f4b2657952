// Package record stores Helm's release records in Secrets or ConfigMaps, in Helm's
// format, so that the Helm 3 and Helm 4 command lines read and upgrade what it
// writes. A Store serves a run; a Driver, made by Store.Operation, serves one Helm
// operation of the run as its storage driver.
//
// Helm's own driver overwrites unconditionally, and Helm does not return the error
// of the write that matters most (https://github.com/helm/helm/issues/13189). This
// package writes only over the version that was read, retries what may succeed
// later, reads back when a response was lost, and keeps an audit of every write.
package record

import (
	"context"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v4"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/internal/secrets"
)

// Options say where the records are stored and what is written on them.
type Options struct {
	Kind      Kind
	Namespace string

	// Stamp is put on every record that is created, with the record's own
	// revision. Operation sets its deadline.
	Stamp facts.Stamp
	// Identity is the hash of the branch that the records belong to, a label
	// value.
	Identity string
	// Annotations are put on every record that is created.
	Annotations map[string]string
	// OnDeploys returns further annotations, for the records that an install or upgrade creates:
	// what a rollback applies anew was deployed by another run, and before. Nil: none.
	OnDeploys func() map[string]string
	// RunURLAnnotation is the key of the annotation that holds the run's URL.
	RunURLAnnotation string

	// Backoff returns the backoff for one call's retries. The default allows nine
	// tries within twenty seconds.
	Backoff func() backoff.BackOff
	// Context bounds Helm's requests, since Helm's driver interface carries none.
	// The default is context.Background().
	Context context.Context
	// Mask is told what the records hold that is secret, and takes it out of the
	// descriptions that are stored. Nil does nothing.
	Mask *secrets.Mask
	// Log gets debug lines. The default drops them.
	Log func(format string, args ...any)
	// Now is the clock. The default is time.Now.
	Now func() time.Time
	// Started is what the times of the audit count from. The default is now.
	Started time.Time
}

// Store lists, loads and repairs the records of one namespace for one run, and
// keeps the audit of all its writes. It is safe for concurrent use: Helm may still
// be writing while the audit is read.
type Store struct {
	*lister
	*settler
	*remover
	*audit
	snapshots *snapshots
	opts      Options
}

// New returns a store after it checked the options. It sends nothing.
func New(c Clients, o Options) (*Store, error) {
	if o.Namespace == "" {
		return nil, fmt.Errorf("open the release records: no namespace given")
	}
	for label, value := range map[string]string{LabelRun: o.Stamp.Run, ownership.LabelIdentity: o.Identity} {
		if errs := validation.IsValidLabelValue(value); len(errs) > 0 {
			return nil, fmt.Errorf("open the release records: %q cannot be the label %s: %s", value, label, errs[0])
		}
	}
	o = o.withDefaults()
	here, err := newClient(c, location{o.Kind, o.Namespace}, o.Backoff, o.Log)
	if err != nil {
		return nil, err
	}
	other, err := newClient(c, location{o.Kind.other(), o.Namespace}, o.Backoff, o.Log)
	if err != nil {
		return nil, err
	}
	s := &Store{
		snapshots: newSnapshots(o.Mask), opts: o,
		audit: &audit{kind: o.Kind, now: o.Now, started: o.Started, log: o.Log},
	}
	s.lister = &lister{
		client: here, other: other, snapshots: s.snapshots, runURL: o.RunURLAnnotation, audit: s.audit, now: o.Now,
		listed: make(map[string]listing),
	}
	s.settler = &settler{writer: writer{here}, audit: s.audit, snapshots: s.snapshots, runURL: o.RunURLAnnotation, now: o.Now,
		mask: o.Mask}
	s.remover = &remover{writer: writer{here}, audit: s.audit, snapshots: s.snapshots, now: o.Now}
	return s, nil
}

func (o Options) withDefaults() Options {
	if o.Backoff == nil {
		o.Backoff = newBackoff
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

// Operation returns the storage driver of one Helm operation. Its requests go
// through c, which the operation's fence can close, and the records that it creates
// are stamped with the deadline. Its writes are in the Store's audit.
func (s *Store) Operation(c Clients, deadline time.Time) (*Driver, error) {
	here, err := newClient(c, location{s.opts.Kind, s.opts.Namespace}, s.opts.Backoff, s.opts.Log)
	if err != nil {
		return nil, err
	}
	stamp := s.opts.Stamp
	stamp.Deadline = deadline
	return &Driver{
		ctx: s.opts.Context, history: history{here, s.snapshots}, listed: s.justListed, writer: writer{here},
		audit: s.audit, snapshots: s.snapshots,
		onCreate: newMetadata{stamp: stamp, identity: s.opts.Identity, annotations: s.opts.Annotations, onDeploys: s.opts.OnDeploys},
		now:      s.opts.Now, mask: s.opts.Mask,
	}, nil
}

// Namespace returns the namespace of the records.
func (s *Store) Namespace() string { return s.opts.Namespace }

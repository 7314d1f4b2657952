package helm

import (
	"context"
	"io"
	"time"

	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/kubernetes"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/metadata"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/helm/chart"
	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/secrets"
)

// Options are the settings that all operations of a run share.
type Options struct {
	Release    string
	Namespace  string
	Timeout    time.Duration // the verb's whole budget
	MaxHistory int           // revisions to keep; 0 keeps all
	Source     chart.Source
	Values     chart.Values
	SkipSchema bool          // hold the values against no schema
	Mask       *secrets.Mask // is told what the values and the objects hold that is secret; may be nil
	Adopt      []string      // objects that may be somebody else's and are taken all the same; see facts.Ref.Matches
	// TakenGo says that what was taken over goes with the release where Adopt names it: a
	// teardown by name. A deploy, and what an event asks for, has the same inputs each time,
	// and asks for nothing to be deleted by them.
	TakenGo bool
	// AsksAhead has the rendering note what templates look up, and go on where that may not be read:
	// it is asked for before anything is made of it.
	AsksAhead bool
	// Inside returns why an object is not to be deleted that takes along what others have in
	// it, or ""; nil: nobody looks.
	Inside func(ctx context.Context, object facts.Ref) (why string, err error)
	// ForeignGoes says that what takes along others' objects goes all the same, and what is to be kept with
	// it: a teardown with delete-foreign, whose Inside says so, too.
	ForeignGoes bool
	Warn        func(title, message string) // takes what a person should look at; may be nil
	Log         func(format string, args ...any)
	Rediscover  func()                                // drops the cached discovery of the API server
	HookOutput  func(pod, container string) io.Writer // for hooks' logs; nil discards them
}

// Backend is what one operation runs on. Each operation gets its own.
type Backend struct {
	Getter    genericclioptions.RESTClientGetter
	Core      corev1client.CoreV1Interface // for the records, behind the fence
	Metadata  metadata.Interface           // the same
	Fence     Fence
	CacheGets func() (end func()) // until end, the Getter's clients answer repeated GETs of an object from memory
	Pods      kubernetes.Interface
	Waiter    Waiter
}

// Fence refuses every request of an operation once it is closed. Cancelling a
// context does not do: Helm 3 goes on in its goroutine, and can overwrite a
// record that was settled meanwhile.
type Fence interface {
	Context() context.Context // ends when the fence closes
	Close(reason error)
	Drain(ctx context.Context) error
}

// Waiter waits for objects by watching them, where Helm polls every two seconds.
type Waiter interface {
	// WaitForReady returns nil when every object is ready, or an error as soon as
	// one cannot become ready. took holds the time that each object needed. The
	// objects are as the API server returned them when they were applied. With
	// jobs, a Job is ready when it is complete.
	WaitForReady(ctx context.Context, applied manifest.Objects, jobs bool) (took []result.Event, err error)
	// WaitForDelete returns nil when none of the objects exists any more. One that
	// has a UID is gone, too, when another has its name. took holds the time that
	// each object needed.
	WaitForDelete(ctx context.Context, deleted manifest.Objects) (took []result.Event, err error)
	// WaitForCompletion returns nil when every Job and Pod has succeeded, or an
	// error as soon as one cannot. deleted are those that were deleted before their
	// end.
	WaitForCompletion(ctx context.Context, applied manifest.Objects) (deleted []facts.Ref, err error)
	// Conceal keeps what pods are given out of what is shown of them. It is called before their
	// logs are. Where it is not known what they are given, unread says why, and nothing of their
	// logs is shown.
	Conceal(ctx context.Context, pods manifest.Objects) (unread string)
}

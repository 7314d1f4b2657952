package record

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"helm.sh/helm/v3/pkg/storage/driver"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/ownership"
)

// writer writes records. Every write is conditional: it needs a free name, a
// resourceVersion or a UID. So a write whose response was lost can be sent again:
// the API server refuses the second one, and reading back tells whether the first
// was applied.
type writer struct{ *client }

// write is one conditional write.
type write struct {
	send func(context.Context) (*object, error)
	// check decides by what is stored now, nil if there is no object: whether the
	// write was applied, or (an error) why it can never be. Neither means that it
	// can be sent again.
	check func(found *object) (applied bool, err error)
}

// create creates a record. One with the same payload that the same run created is
// taken for the answer to a lost response. The error is driver.ErrReleaseExists or
// a *TakenError when the name is taken.
func (w writer) create(ctx context.Context, e *entry, want *object) (*object, error) {
	return w.perform(ctx, e, write{
		send: func(ctx context.Context) (*object, error) { return w.objects.create(ctx, want) },
		check: func(found *object) (bool, error) {
			switch {
			case found == nil:
				return false, nil
			case found.Payload == want.Payload && found.Labels[LabelRun] == want.Labels[LabelRun]:
				return true, nil
			}
			return false, takenBy(found, want)
		},
	})
}

// takenBy returns the error for a new record whose name another object has.
func takenBy(found, want *object) error {
	switch {
	case found.Type != "" && found.Type != secretType:
		return &TakenError{Key: found.Name, What: fmt.Sprintf("a Secret of type %q, which is no release record", found.Type)}
	case found.Labels[labelName] != want.Labels[labelName] || isHidden(&found.ObjectMeta):
		return &TakenError{Key: found.Name, What: fmt.Sprintf("an object that Helm does not find by its labels (%s=%q, %s=%q)",
			labelName, found.Labels[labelName], labelOwner, found.Labels[labelOwner])}
	}
	return driver.ErrReleaseExists
}

// createCopy creates a copy of a record in quarantine. An earlier copy of the same
// data is as good.
func (w writer) createCopy(ctx context.Context, e *entry, want *object) error {
	_, err := w.perform(ctx, e, write{
		send: func(ctx context.Context) (*object, error) { return w.objects.create(ctx, want) },
		check: func(found *object) (bool, error) {
			switch {
			case found == nil:
				return false, nil
			case found.Labels[labelQuarantined] == want.Labels[labelQuarantined] && sameData(found, want):
				return true, nil
			}
			return false, conflictWith(found)
		},
	})
	return err
}

func sameData(a, b *object) bool {
	return a.Payload == b.Payload && reflect.DeepEqual(a.ExtraData, b.ExtraData) && reflect.DeepEqual(a.BinaryData, b.BinaryData)
}

// change is what an update replaces of a record.
type change struct {
	payload  string
	labels   map[string]string
	baseline string // the annotation's value; "" takes it away
}

// update replaces the payload, the labels and the baseline of a record in the
// version that was read, and keeps everything else of it.
func (w writer) update(ctx context.Context, e *entry, from *object, to change) (*object, error) {
	if from.Immutable && to.payload != from.Payload {
		return nil, w.explainWrite(e, &ImmutableError{Key: from.Name})
	}
	want := *from
	want.ObjectMeta, want.Payload = *from.DeepCopy(), to.payload
	want.Labels, want.Annotations = to.labels, withBaseline(from.Annotations, to.baseline)
	if to.labels[labelStatus] == string(facts.StatusDeployed) {
		want.Annotations = ownership.Merge(want.Annotations, map[string]string{ownership.AnnotationDeployed: "true"})
	}
	return w.perform(ctx, e, write{
		send: func(ctx context.Context) (*object, error) { return w.objects.update(ctx, &want) },
		check: func(found *object) (bool, error) {
			switch {
			case found == nil:
				return false, errDeleted
			case found.UID == want.UID && found.Payload == want.Payload && sameHelmLabels(found.Labels, want.Labels) &&
				found.Annotations[annotationBaseline] == to.baseline:
				return true, nil
			case found.UID == want.UID && found.ResourceVersion == want.ResourceVersion:
				return false, nil
			}
			return false, conflictWith(found)
		},
	})
}

// delete deletes a record in whatever version it is. Another object of that name
// is not touched.
func (w writer) delete(ctx context.Context, e *entry, key string, uid types.UID) error {
	_, err := w.perform(ctx, e, write{
		send: func(ctx context.Context) (*object, error) {
			return nil, w.objects.delete(ctx, key, &metav1.Preconditions{UID: &uid})
		},
		check: func(found *object) (bool, error) { return found == nil || found.UID != uid, nil },
	})
	return err
}

// deleteVersion deletes a record in exactly this version.
func (w writer) deleteVersion(ctx context.Context, e *entry, meta *metav1.ObjectMeta) error {
	_, err := w.perform(ctx, e, write{
		send: func(ctx context.Context) (*object, error) {
			only := &metav1.Preconditions{UID: &meta.UID, ResourceVersion: &meta.ResourceVersion}
			return nil, w.objects.delete(ctx, meta.Name, only)
		},
		check: func(found *object) (bool, error) {
			switch {
			case found == nil:
				return true, nil
			case found.UID == meta.UID && found.ResourceVersion == meta.ResourceVersion:
				return false, nil
			}
			return false, conflictWith(found)
		},
	})
	return err
}

// perform sends a write until it is applied, refused, or out of tries, and notes
// in e how that went. Its error is explained.
func (w writer) perform(ctx context.Context, e *entry, do write) (*object, error) {
	doubtful := false // a try may have been applied, and was not read back since
	got, err := retry(ctx, w.backoff(), writeTimeout, func(try context.Context) (*object, error) {
		e.Tries++
		got, err := do.send(try)
		if !isRefused(err) {
			doubtful = doubtful || mayBeApplied(err)
			return got, err
		}
		if !doubtful {
			return w.resolveRefused(ctx, e, do, err)
		}
		doubtful = false
		return w.resolveDoubtful(ctx, e, do, err, &retryableError{err})
	})
	if err != nil && doubtful {
		got, err = w.resolveDoubtful(ctx, e, do, err, err)
	}
	if err == nil {
		return got, nil
	}
	return nil, w.explainWrite(e, err)
}

// isRefused reports whether the API server refused a write because of what is
// stored.
func isRefused(err error) bool {
	return apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err)
}

// resolveRefused reads back a write that was refused. Where that fails, the
// refusal itself is conclusive.
func (w writer) resolveRefused(ctx context.Context, e *entry, do write, refusal error) (*object, error) {
	found, applied, err := w.readBack(ctx, e, do)
	switch {
	case applied: // client-go sends again by itself on a 5xx with Retry-After
		e.Lost = true
		return found, nil
	case errors.Is(err, errReadBack):
		if e.Verb == "create" && apierrors.IsAlreadyExists(refusal) {
			return nil, driver.ErrReleaseExists
		}
		return nil, &ConflictError{Key: e.Key, Err: refusal}
	case err != nil:
		return nil, err
	}
	return nil, &retryableError{refusal}
}

// resolveDoubtful reads back a write of which a try may have been applied. It
// returns notApplied when it was not and nothing stands in its way.
func (w writer) resolveDoubtful(ctx context.Context, e *entry, do write, last, notApplied error) (*object, error) {
	found, applied, err := w.readBack(ctx, e, do)
	switch {
	case applied:
		e.Lost = true
		return found, nil
	case errors.Is(err, errReadBack):
		e.Unknown = true
		return nil, &UnansweredError{Tries: e.Tries, Unknown: true, Err: errors.Join(last, err)}
	case err != nil:
		return nil, err
	}
	return nil, notApplied
}

// errReadBack marks the error of a read-back that failed.
var errReadBack = errors.New("reading back failed")

// readBack reads the record and checks the write against it. The error is that of
// the check, or wraps errReadBack.
func (w writer) readBack(ctx context.Context, e *entry, do write) (found *object, applied bool, err error) {
	found, err = w.get(ctx, e.Key)
	if err != nil && !errors.Is(err, driver.ErrReleaseNotFound) {
		return nil, false, errors.Join(errReadBack, err)
	}
	applied, err = do.check(found)
	return found, applied, err
}

// explainWrite returns a *problem.Problem for the error of a write, see
// location.explain.
func (w writer) explainWrite(e *entry, err error) error {
	_, unanswered := errors.AsType[*UnansweredError](err)
	switch {
	case !unanswered && isRetryable(err):
		err = &UnansweredError{Tries: e.Tries, Err: err}
	case e.Verb == "update" && apierrors.IsNotFound(err):
		err = fmt.Errorf("%w: %w", errDeleted, err)
	}
	return w.explain(e.Verb, e.Verb, e.Key, err)
}

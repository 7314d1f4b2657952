package record

import (
	"errors"
	"fmt"

	"helm.sh/helm/v3/pkg/storage/driver"

	"github.com/berth-dev/berth/internal/facts"
)

// DeniedError says that the API server forbade a request.
type DeniedError struct {
	Verb      string
	Resource  string
	Namespace string
	Key       string // empty for a list
	Err       error
}

func (e *DeniedError) Error() string {
	return fmt.Sprintf("not allowed to %s %s in namespace %s: %v", e.Verb, e.Resource, e.Namespace, e.Err)
}

// Unwrap gives the API server's error.
func (e *DeniedError) Unwrap() error { return e.Err }

// ConflictError says that somebody else wrote a record since it was read.
// Nothing was overwritten; what to do has to be decided anew.
type ConflictError struct {
	Key    string
	By     string       // who wrote last, as managedFields name it; may be empty
	Status facts.Status // what the record's label says now; may be empty
	Err    error        // the API server's error; may be nil
}

func (e *ConflictError) Error() string {
	text := "somebody else changed it since it was read"
	if e.By != "" {
		text = fmt.Sprintf("%q changed it since it was read", e.By)
	}
	if e.Status != "" {
		text += fmt.Sprintf(" (now %s)", e.Status)
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap gives the API server's error.
func (e *ConflictError) Unwrap() error { return e.Err }

// Is says that every conflict is a change of the records.
func (e *ConflictError) Is(target error) bool { return target == facts.ErrChanged }

// errGone says that a record is not there any more.
var errGone = fmt.Errorf("%w: %w", facts.ErrChanged, driver.ErrReleaseNotFound)

// conflictOver is the conflict with what was found in the place of our write.
func conflictOver(found *object) *ConflictError {
	e := &ConflictError{Key: found.Name, Status: facts.Status(found.Labels[labelStatus])}
	if _, managers := touched(&found.ObjectMeta); len(managers) > 0 {
		e.By = managers[0]
	}
	return e
}

// UnansweredError says that the API server gave no answer that settles a
// request, in any of its tries.
type UnansweredError struct {
	Tries   int // zero for a read
	Unknown bool
	Err     error
}

func (e *UnansweredError) Error() string {
	text := "no usable answer from the API server"
	if e.Tries > 1 {
		text += fmt.Sprintf(" in %d tries", e.Tries)
	}
	if e.Unknown {
		text += ", so that it may or may not be stored"
	}
	return fmt.Sprintf("%s: %v", text, e.Err)
}

// Unwrap gives the last try's error.
func (e *UnansweredError) Unwrap() error { return e.Err }

// UndecodableError says that a record's payload is no release.
type UndecodableError struct {
	Key string
	Err error
}

func (e *UndecodableError) Error() string {
	return fmt.Sprintf("the payload of %s cannot be decoded: %v", e.Key, e.Err)
}

// Unwrap gives the decoder's error.
func (e *UndecodableError) Unwrap() error { return e.Err }

// unstorable is the error of making a record's new payload.
func unstorable(key string, err error) error {
	if _, tooLarge := errors.AsType[*TooLargeError](err); tooLarge {
		return err
	}
	return &UndecodableError{Key: key, Err: err}
}

// OutlineError says that a release was to be stored of which the store had
// given out but an outline.
type OutlineError struct{ Key string }

func (e *OutlineError) Error() string {
	return fmt.Sprintf("only the metadata of %s was read, and to store that would take its content away", e.Key)
}

// ImmutableError says that a record's object forbids a change of its data.
type ImmutableError struct{ Key string }

func (e *ImmutableError) Error() string {
	return fmt.Sprintf("%s is marked immutable, so that no status can be written to it", e.Key)
}

// TakenError says that the name of a new record is taken by something that
// Helm does not see among the release's records.
type TakenError struct {
	Key  string
	What string // "a Secret of type Opaque, which holds no release"
}

func (e *TakenError) Error() string { return fmt.Sprintf("the name %s is taken by %s", e.Key, e.What) }

// Unwrap says it as Helm does.
func (e *TakenError) Unwrap() error { return driver.ErrReleaseExists }

// taken says what is in the way of a new record.
func taken(found, want *object) error {
	switch {
	case found.Type != "" && found.Type != secretType:
		return &TakenError{Key: found.Name, What: fmt.Sprintf("a Secret of type %q, which is no release record", found.Type)}
	case found.Labels[labelName] != want.Labels[labelName] || hidden(&found.ObjectMeta):
		return &TakenError{Key: found.Name, What: fmt.Sprintf("an object that Helm does not find by its labels (%s=%q, %s=%q)",
			labelName, found.Labels[labelName], labelOwner, found.Labels[labelOwner])}
	}
	return driver.ErrReleaseExists
}

// TooLargeError says that a record is larger than can be stored safely.
type TooLargeError struct {
	Size  int // bytes of the stored string
	Limit int
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("the release takes %d KiB when stored, the limit is %d KiB", (e.Size+1023)>>10, e.Limit>>10)
}

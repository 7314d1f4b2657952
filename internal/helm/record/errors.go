package record

import (
	"errors"
	"fmt"

	"helm.sh/helm/v3/pkg/storage/driver"

	"github.com/berth-dev/berth/internal/facts"
)

// DeniedError is returned when the API server forbids a request (403) for want of
// a permission.
type DeniedError struct {
	Verb      string
	Resource  string
	Namespace string
	Key       string // empty for a list
	Err       error  // the API server's error
}

func (e *DeniedError) Error() string {
	return fmt.Sprintf("not allowed to %s %s in namespace %s: %v", e.Verb, e.Resource, e.Namespace, e.Err)
}

// Unwrap returns the API server's error.
func (e *DeniedError) Unwrap() error { return e.Err }

// ConflictError is returned when somebody else wrote a record since it was read.
// Nothing was overwritten; the caller has to read and decide again. It matches
// facts.ErrChanged.
type ConflictError struct {
	Key    string
	By     string       // the last writer, as managedFields name it; may be empty
	Status facts.Status // the record's status label now; may be empty
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

// Unwrap returns the API server's error.
func (e *ConflictError) Unwrap() error { return e.Err }

// Is reports whether target is facts.ErrChanged.
func (e *ConflictError) Is(target error) bool { return target == facts.ErrChanged }

// errDeleted is returned when a record was deleted since it was read.
var errDeleted = fmt.Errorf("%w: %w", facts.ErrChanged, driver.ErrReleaseNotFound)

// UnansweredError is returned when no try of a request got a conclusive answer
// from the API server.
type UnansweredError struct {
	Tries   int   // zero for a read
	Unknown bool  // the write may have been applied
	Err     error // of the last try
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

// Unwrap returns the error of the last try.
func (e *UnansweredError) Unwrap() error { return e.Err }

// UndecodableError is returned when a record's payload is not a release.
type UndecodableError struct {
	Key string
	Err error // the decoder's error
}

func (e *UndecodableError) Error() string {
	return fmt.Sprintf("the payload of %s cannot be decoded: %v", e.Key, e.Err)
}

// Unwrap returns the decoder's error.
func (e *UndecodableError) Unwrap() error { return e.Err }

// MisplacedError is returned when a record's payload is another one than belongs
// under its name in its namespace: the record was copied. Helm would go by the payload,
// and write to the release that it names.
type MisplacedError struct {
	Key   string
	Holds string // "it holds revision 1 of …"; may hold untrusted text
}

func (e *MisplacedError) Error() string {
	return fmt.Sprintf("%s is not the record that belongs there: %s", e.Key, e.Holds)
}

// PartialError is returned when a release is to be stored that was made from its
// record's metadata alone.
type PartialError struct{ Key string }

func (e *PartialError) Error() string {
	return fmt.Sprintf("only the metadata of %s was read, and to store that would take its content away", e.Key)
}

// ImmutableError is returned when a record's object is marked immutable, so that
// its payload cannot be updated.
type ImmutableError struct{ Key string }

func (e *ImmutableError) Error() string {
	return fmt.Sprintf("%s is marked immutable, so that no status can be written to it", e.Key)
}

// TakenError is returned when the name of a new record is taken by an object that
// Helm does not find among the release's records. It wraps
// driver.ErrReleaseExists.
type TakenError struct {
	Key  string
	What string // "a Secret of type Opaque, which holds no release"
}

func (e *TakenError) Error() string { return fmt.Sprintf("the name %s is taken by %s", e.Key, e.What) }

// Unwrap returns driver.ErrReleaseExists.
func (e *TakenError) Unwrap() error { return driver.ErrReleaseExists }

// TooLargeError is returned when a payload is longer than can be stored.
type TooLargeError struct {
	Size  int // of the payload, in bytes
	Limit int // in bytes
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("the release takes %d KiB when stored, the limit is %d KiB", (e.Size+1023)>>10, e.Limit>>10)
}

// payloadError returns the error of building a record's new payload: a
// *TooLargeError as it is, any other as an *UndecodableError.
func payloadError(key string, err error) error {
	if _, tooLarge := errors.AsType[*TooLargeError](err); tooLarge {
		return err
	}
	return &UndecodableError{Key: key, Err: err}
}

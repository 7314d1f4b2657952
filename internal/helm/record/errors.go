package record

import (
	"fmt"

	"github.com/berth-dev/berth/internal/verdict"
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
	By     string         // who wrote last, as managedFields name it; may be empty
	Status verdict.Status // what the record's label says now; may be empty
	Err    error          // the API server's error; may be nil
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

// conflictOver is the conflict with what was found in the place of our write.
func conflictOver(found *object) *ConflictError {
	e := &ConflictError{Key: found.Name, Status: verdict.Status(found.Labels[labelStatus])}
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

// TooLargeError says that a record is larger than can be stored safely.
type TooLargeError struct {
	Size  int // bytes of the stored string
	Limit int
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("the release takes %d KiB when stored, the limit is %d KiB", (e.Size+1023)>>10, e.Limit>>10)
}

package apifailure

import (
	"errors"
	"fmt"
)

// ErrFenced is in the chain of every error of a request that a fence refused or
// cut off.
var ErrFenced = errors.New("the operation was stopped")

// FencedError is the error of a request that a closed fence refused or cut off.
// It matches ErrFenced and unwraps to the reason the fence was closed for.
type FencedError struct{ Reason error }

func (e *FencedError) Error() string { return fmt.Sprintf("%v: %v", ErrFenced, e.Reason) }

// Is reports whether target is ErrFenced.
func (e *FencedError) Is(target error) bool { return target == ErrFenced }

// Unwrap returns the reason the fence was closed for.
func (e *FencedError) Unwrap() error { return e.Reason }

package facts

import (
	"path"
	"time"
)

// Leniency is what is known of why an object may be otherwise than others have to be.
type Leniency struct {
	Remark  Remark         // on an object that is ready all the same
	Custom  bool           // it is a custom resource, whose controller may take its time
	Ignored bool           // wait-ignore leaves it out of what has to be ready
	TTL     *time.Duration // how long the manifest's Job outlives its end; nil: for good
	// Expired is set where a Job that is not there, or about to go, was deleted since
	// it had ended.
	Expired bool
}

// Remark is what is to be told of an object although it counts as ready. The zero
// value is none.
type Remark struct {
	Text    string // may hold untrusted text, sanitized
	Warning bool   // somebody should do something about it
}

// Matches returns whether the object's Kind/name matches a pattern of Go's path.Match.
// A pattern that is none matches nothing.
func (r Ref) Matches(pattern string) bool {
	matches, err := path.Match(pattern, r.Kind+"/"+r.Name)
	return err == nil && matches
}

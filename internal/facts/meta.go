package facts

import "time"

// Meta is an object by its metadata. Its text is untrusted.
type Meta struct {
	Namespace, Name     string
	UID                 string
	Labels, Annotations map[string]string
	Created             time.Time
	Touched             time.Time // newest managedFields time
	Deleting            bool
}

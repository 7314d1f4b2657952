//go:build conformance

package conformance

// readiness are the rows about this: ready is judged by the kind of an object.
var readiness = []row{}

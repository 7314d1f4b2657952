//go:build conformance

package conformance

// remains are the rows about what a release leaves behind it: hooks, claims, objects that are kept.
var remains = []row{}

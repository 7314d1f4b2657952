//go:build conformance

package conformance

// ownObjects are the rows about writes and deletions that would hit what belongs to somebody else.
var ownObjects = []row{}

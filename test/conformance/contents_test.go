//go:build conformance

package conformance

// contents are the rows about this: what lives is not what the record describes, or only seems so.
var contents = []row{}

//go:build conformance

package conformance

// hostileInputs are the rows about hostile charts, registries, API servers and credentials.
var hostileInputs = []row{}

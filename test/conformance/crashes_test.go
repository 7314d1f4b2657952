//go:build conformance

package conformance

// crashes are the rows about this: pods that crash, wait or cannot start.
var crashes = []row{}

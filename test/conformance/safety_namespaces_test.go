//go:build conformance

package conformance

// sharedNamespaces are the rows about namespaces that hold more than one branch's release.
var sharedNamespaces = []row{}

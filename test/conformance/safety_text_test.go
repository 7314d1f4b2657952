//go:build conformance

package conformance

// secretText are the rows about text that could grant something or tell a secret.
var secretText = []row{}

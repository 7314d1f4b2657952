//go:build conformance

package conformance

// convergence are the rows about this: a deploy has to bring an object to what the chart says.
var convergence = []row{}

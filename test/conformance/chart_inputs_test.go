//go:build conformance

package conformance

// chartInputs are the rows about this: charts and values that Helm reads in a way of its own.
var chartInputs = []row{}

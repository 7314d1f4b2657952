//go:build conformance

package conformance

// rightBranch are the rows about events and names that could mistake one branch for another.
var rightBranch = []row{}

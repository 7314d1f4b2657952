//go:build conformance

package conformance

// hostileProcess are the rows about a process whose surroundings are hostile: signals, outputs, locks, clocks.
var hostileProcess = []row{}

// Package result holds what a run has to say when it is over. The reports are
// made from it alone.
package result

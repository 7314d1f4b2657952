// Package facts holds what a run has seen of a release: its stored records, its
// objects, its namespace and its lock. It decides nothing; internal/verdict does.
//
// It is pure: no clock, environment, log, Helm or Kubernetes type.
package facts

// Package verdict decides: facts in, diagnosis and plan out.
//
// It is pure. There is no clock, environment, log, Helm or Kubernetes type in
// it, so every decision Berth takes can be read, and tested, without a cluster.
package verdict

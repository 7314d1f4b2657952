// Package verdict holds what Berth knows and what it concludes: Facts in,
// Diagnosis and Plan out, and the Result that the reports are made of.
//
// It is pure. There is no clock, environment, log, Helm or Kubernetes type in
// it, so every decision Berth takes can be read, and tested, without a cluster.
package verdict

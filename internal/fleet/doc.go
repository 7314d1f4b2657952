// Package fleet knows review apps by what is stamped on them: it puts them together from
// the metadata of namespaces, records and Leases, and decides which of them a sweep may
// take down.
//
// It is pure. There is no clock, environment, log, Helm or Kubernetes type in it, so that
// every decision to delete can be read, and tested, without a cluster. Whatever is unknown
// speaks for keeping.
package fleet

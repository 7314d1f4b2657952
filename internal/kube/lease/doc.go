// Package lease is the lock on a release: a coordination.k8s.io Lease in the
// release's namespace, renewed while an operation runs. The Lease also keeps how
// the last attempt ended, for later runs.
//
// client-go's leaderelection is not used: it tries for ever and only logs its
// errors, so that a run could not learn that it may not use Leases, and it takes
// an expired Lease only after watching it for a whole duration itself. Here the
// clocks decide as well where all of them agree, and the Lease keeps for later runs
// which of the runs before let it expire.
//
// Kubernetes has no fencing tokens: a Lease tells others to stay away, and its
// holder when to stop. What makes stale writes fail is the compare-and-swap of
// the record store.
package lease

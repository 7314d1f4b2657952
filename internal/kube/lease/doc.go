// Package lease is the lock on a release: a coordination.k8s.io Lease in the
// release's namespace, renewed while an operation runs, which also keeps how the
// last attempt ended for the runs to come.
//
// Kubernetes has no fencing tokens: a Lease tells others to stay away, and its
// holder when to stop. What makes stale writes fail is the compare-and-swap of
// the record store.
package lease

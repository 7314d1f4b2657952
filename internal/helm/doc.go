// Package helm is the only room with the Helm SDK. It performs operations and
// decides nothing: the engine's plan says what to do, and whether it worked is
// judged from what is stored and what runs.
//
// Helm's actions are used as they are. Berth replaces what they run on: the
// record store (internal/helm/record), the transport (a fenced getter handed in
// by internal/kube), and Helm's Kubernetes client. The base client waits by
// watching and skips client-side validation. A rollback runs on it as it is;
// install, upgrade, uninstall and the creation of CRDs each have a client type over
// it.
//
// An operation writes to no object by its name alone (own.go). It reads whose an object
// is, and binds the write to what it has read. What it would change or replace and is
// somebody else's ends it, before anything is stored where that is seen by then; what it
// would only delete is left, and told of.
//
// Where a client relies on the order in which an action calls it, sdk_order_test.go
// holds the action to that order.
package helm

// Package helm is the only room with the Helm SDK. It performs operations and
// decides nothing: the engine's plan says what to do, and whether it worked is
// judged from what is stored and what runs.
//
// Helm's actions are used as they are. Berth replaces what they run on: the
// record store (internal/helm/record), the transport (a fenced getter handed in
// by internal/kube), and Helm's Kubernetes client. There is one client type for
// each operation (install, upgrade, rollback, uninstall, creation of CRDs); they
// share the base client, which waits, skips client-side validation and never
// deletes an object of another release.
//
// Where a client relies on the order in which an action calls it, sdk_order_test.go
// holds the action to that order.
package helm

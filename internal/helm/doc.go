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
// Only the uninstall's client reads the owner of each object that it deletes. Hooks,
// and objects that the chart has no more, are deleted by name, as by Helm. A rollback
// looks at the owners of all objects before it begins.
//
// Where a client relies on the order in which an action calls it, sdk_order_test.go
// holds the action to that order.
package helm

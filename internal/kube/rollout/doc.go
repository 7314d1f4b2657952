// Package rollout waits until objects are ready, complete or deleted, and finds
// the reason when they are not.
//
// Each wait is one goroutine (loop.go) that evaluates what informers report of the
// objects (informer.go), which watch no more of the cluster than is waited for
// (scope.go). Meanwhile the inspector follows the pods of what is not ready and
// has probes read events, so that a wait ends early where an object cannot become
// ready any more (inspector.go, tracked.go, probe.go). How objects are judged is
// for package health. When a wait fails, diagnose.go collects pods, events and
// logs.
package rollout

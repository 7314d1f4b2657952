// Package rollout says whether objects are ready, waits until they are, and
// finds the reason when they are not.
//
// A wait is one goroutine that decides (await.go), fed by watches (feed*.go) no
// wider than what it waits for (scope*.go). Whether an object can still become
// ready is a pure function of what was seen of it (hopeless.go, faults_*.go),
// which the inspector gathers. What a failure looked like is for diagnose.go.
package rollout

// Package health judges Kubernetes objects by what was read of them: whether
// one is ready, whether it can still become ready, and why a pod is not.
//
// Everything in it is a pure function of objects, events and a given time. It
// makes no request, starts no goroutine and reads no clock, so that every
// judgement can be tested by a table. Package rollout gathers what is judged.
//
// Ready and Complete answer for a single object. Stalled weighs Evidence, an
// object with its pods and events, against a History of earlier evaluations.
package health

// Package rollout says whether objects are ready, waits until they are, and
// finds the reason when they are not.
package rollout

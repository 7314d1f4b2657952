// Package access knows what a run has to be allowed to do: it lists it, asks the
// API server about it, and writes the RBAC to apply when something is missing.
package access

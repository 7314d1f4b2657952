// Package kube is the only room that makes Kubernetes clients. It holds the
// connection of a run and everything that is watched on its way: which
// requests are sent, what the API server's clock says, and, for each Helm
// operation, a fence that lets it be stopped for good.
package kube

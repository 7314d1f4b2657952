// Package kube connects to the API server: it finds the server and the
// credentials (Connect), holds the clients that a run shares (Conn) and gives each
// Helm operation clients behind a fence of its own (Getter). No other package
// makes Kubernetes clients.
package kube

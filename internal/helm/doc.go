// Package helm is the only room with the Helm SDK. It performs; it never
// decides: what to do comes from the engine's plan, and whether it worked is
// judged from what was stored and what runs.
//
// Helm's actions are left alone. What Berth adds sits in the seams that the SDK
// offers: the record store behind it (internal/helm/record), the fenced
// transport under it (handed in by internal/kube as a getter), and the client
// here that takes over waiting, validation and deletion.
package helm

// Package access lists the permissions that a run needs, asks the API server which
// of them are missing, and writes the RBAC that grants them.
package access

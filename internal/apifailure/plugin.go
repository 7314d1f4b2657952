package apifailure

import "fmt"

// CredentialPluginError is the error of a request that was not sent, since the
// kubeconfig's credential plugin gave no credentials for it. It unwraps to nothing: that
// the plugin took too long says nothing of the API server.
type CredentialPluginError struct {
	Plugin string
	Cause  error // may quote what the plugin printed; untrusted text
}

// Error says which plugin, and why.
func (e *CredentialPluginError) Error() string {
	return fmt.Sprintf("the credential plugin %s gave no credentials: %v", e.Plugin, e.Cause)
}

package kube

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

const twoWaysRound = "Run in an image that has the plugin, or use credentials that need none: " +
	"kube-apiserver with kube-token, or a kubeconfig with a token."

// checkCredentials finds out, before any request, whether a user's credentials
// can be had here at all. A kubeconfig made on a laptop often names a plugin
// that a CI image does not have.
func checkCredentials(user *clientcmdapi.AuthInfo, name string) error {
	if user == nil {
		return nil
	}
	if provider := user.AuthProvider; provider != nil {
		return wrongInput(fmt.Sprintf("use the kubeconfig's user %q", name),
			fmt.Errorf("it needs the auth-provider %q, which Kubernetes has removed", provider.Name), twoWaysRound)
	}
	if user.Exec == nil {
		return nil
	}
	// Paths are absolute by now if they were relative to a kubeconfig's folder;
	// plain names are looked up just as client-go will.
	_, err := exec.LookPath(user.Exec.Command)
	if err == nil {
		return nil
	}
	cause := "cannot be run here"
	if errors.Is(err, exec.ErrNotFound) {
		cause = "is not installed here"
	}
	return wrongInput(fmt.Sprintf("use the kubeconfig's user %q", name),
		fmt.Errorf("its credential plugin %s %s: %w", user.Exec.Command, cause, err), twoWaysRound)
}

// withoutCredentials makes err fit to be shown. Who pastes a key or a token
// where a file's name belongs finds it quoted in "no such file".
func withoutCredentials(err error, user *clientcmdapi.AuthInfo) error {
	if user == nil {
		return err
	}
	text := err.Error()
	for _, value := range []string{user.ClientKey, user.ClientCertificate, user.TokenFile, user.Token, user.Password} {
		if value != "" && !looksLikePath(value) {
			text = strings.ReplaceAll(text, value, "(not shown)")
		}
	}
	return errors.New(text)
}

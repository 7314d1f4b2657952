package kube

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os/exec"
	"strings"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/berth-dev/berth/internal/secrets"
)

const (
	docsClusters = "https://github.com/berth-dev/berth/blob/main/docs/clusters.md"
	nextPlugin   = "Run Berth where the plugin is installed: on GitHub, berth-dev/berth/native runs on the runner itself and " +
		"has its programs. Or let a step before make the token, and give kube-apiserver, kube-token and kube-ca. " +
		"See " + docsClusters + " for EKS, GKE and AKS."
	nextProvider = "Give kube-apiserver, kube-token and kube-ca, or a kubeconfig with a token. See " + docsClusters + " for EKS, GKE and AKS."
)

// checkCredentials returns why a user's credentials cannot be had here at all, or
// nil. A kubeconfig made on a laptop often names a credential plugin that a CI
// image does not have. It sends no request.
func checkCredentials(user *clientcmdapi.AuthInfo, name string) error {
	if user == nil {
		return nil
	}
	if provider := user.AuthProvider; provider != nil {
		return wrongInput(fmt.Sprintf("use the kubeconfig's user %q", name),
			fmt.Errorf("it needs the auth-provider %q, which Kubernetes has removed", provider.Name), nextProvider)
	}
	if user.Exec == nil {
		return nil
	}
	// A path relative to the kubeconfig's folder has been made absolute by now. A
	// plain name is looked up as client-go will.
	_, err := exec.LookPath(user.Exec.Command)
	if err == nil {
		return nil
	}
	cause := "cannot be run here"
	if errors.Is(err, exec.ErrNotFound) {
		cause = "is not installed here"
	}
	return wrongInput(fmt.Sprintf("use the kubeconfig's user %q", name),
		fmt.Errorf("its credential plugin %s %s: %w", user.Exec.Command, cause, err), nextPlugin)
}

// refuseClearText refuses to send credentials over plain HTTP, except to this machine,
// where kubectl proxy may listen. client-go leaves those of a kubeconfig out there, and
// would go on as nobody.
func refuseClearText(host *url.URL, d destination) error {
	given := d.hasCredentials || d.config.BearerToken != "" || d.config.BearerTokenFile != ""
	ip := net.ParseIP(host.Hostname())
	if host.Scheme == "https" || !given || host.Hostname() == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return fmt.Errorf("they would be sent in the clear, since the server's address begins with %s://", host.Scheme)
}

// hasCredentials reports whether a kubeconfig's user is somebody.
func hasCredentials(user *clientcmdapi.AuthInfo) bool {
	return user != nil && (user.Token != "" || user.TokenFile != "" || user.Username != "" || user.Exec != nil ||
		user.ClientCertificate != "" || len(user.ClientCertificateData) > 0)
}

// withoutCredentials returns err without the user's credentials and those of addresses,
// to be shown. A key or token that was pasted where a file's name belongs would be quoted
// in "no such file", and a proxy's address with its password where it is none.
func withoutCredentials(err error, user *clientcmdapi.AuthInfo) error {
	text := secrets.InAddresses(err.Error())
	if user == nil {
		return errors.New(text)
	}
	for _, value := range []string{user.ClientKey, user.ClientCertificate, user.TokenFile, user.Token, user.Password} {
		if value != "" && !exists(value) && !secrets.LooksLikePath(value) {
			text = strings.ReplaceAll(text, value, "(not shown)")
		}
	}
	return errors.New(text)
}

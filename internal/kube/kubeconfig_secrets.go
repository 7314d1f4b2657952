package kube

import (
	"net/url"
	"strings"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/berth-dev/berth/internal/secrets"
)

// secretsIn returns what a kubeconfig holds that is secret, of all its users and
// clusters: tokens, passwords and keys, the passwords in addresses, and what it hands to
// credential plugins, which quote that when they fail.
func secretsIn(raw *clientcmdapi.Config) []string {
	var all []string
	for _, cluster := range raw.Clusters {
		all = append(all, passwordIn(cluster.Server), passwordIn(cluster.ProxyURL))
	}
	for _, user := range raw.AuthInfos {
		all = append(all, user.Token, user.Password, string(user.ClientKeyData))
		if user.AuthProvider != nil {
			for name, value := range user.AuthProvider.Config {
				all = appendNamed(all, name, value)
			}
		}
		if user.Exec != nil {
			all = append(all, secretsOfPlugin(user.Exec)...)
		}
	}
	return all
}

// secretsOfPlugin returns the variables that are called a secret, and the arguments: those
// behind --client-secret, and --client-secret=x.
func secretsOfPlugin(plugin *clientcmdapi.ExecConfig) []string {
	var all []string
	for _, variable := range plugin.Env {
		all = appendNamed(all, variable.Name, variable.Value)
	}
	for i, argument := range plugin.Args {
		name, value, given := strings.Cut(argument, "=")
		if !given && i+1 < len(plugin.Args) {
			value = plugin.Args[i+1]
		}
		if strings.HasPrefix(name, "-") {
			all = appendNamed(all, name, value)
		}
	}
	return all
}

// appendNamed appends a value that its name says is secret, but for the name of a file
// that holds it.
func appendNamed(all []string, name, value string) []string {
	if !secrets.IsName(name) || looksLikePath(value) {
		return all
	}
	return append(all, value)
}

// passwordIn returns the password of an address, as it stands there.
func passwordIn(address string) string {
	_, rest, _ := strings.Cut(address, "://")
	if u, err := url.Parse(address); err == nil && u.User != nil {
		password, _ := u.User.Password()
		return password
	}
	at := strings.LastIndexByte(rest, '@')
	if at < 0 {
		return ""
	}
	_, password, _ := strings.Cut(rest[:at], ":")
	return password
}

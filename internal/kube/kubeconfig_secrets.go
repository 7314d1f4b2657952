package kube

import (
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/berth-dev/berth/internal/secrets"
)

// secretsIn returns what a kubeconfig holds that is secret, of all its users and
// clusters: tokens, passwords and keys, the passwords in addresses, and what it hands to
// credential plugins, which quote that when they fail.
func secretsIn(raw *clientcmdapi.Config) []string {
	var all []string
	for _, cluster := range raw.Clusters {
		all = append(all, secrets.Password(cluster.Server)...)
		all = append(all, secrets.Password(cluster.ProxyURL)...)
	}
	for _, user := range raw.AuthInfos {
		all = append(all, user.Token, user.Password, secrets.Basic(user.Username, user.Password), string(user.ClientKeyData))
		if user.AuthProvider != nil {
			for name, value := range user.AuthProvider.Config {
				all = appendUnlessPublic(all, name, value)
			}
		}
		if user.Exec != nil {
			all = append(all, secretsOfPlugin(user.Exec)...)
		}
	}
	return all
}

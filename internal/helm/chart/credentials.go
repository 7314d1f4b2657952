package chart

import (
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/helmpath"
	"helm.sh/helm/v3/pkg/registry"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"
)

// credentials returns the credentials for registries and for chart repositories;
// either may be nil. Username and Password are for one host; RegistryConfig names its
// hosts. Without either, registries get what `helm registry login` or `docker login`
// stored on this machine, as with Helm itself, and repositories get nothing.
func (s Source) credentials(addresses []*url.URL) (forRegistry, forRepository auth.CredentialFunc, err error) {
	if s.Username != "" {
		host, err := s.onlyHost(addresses)
		if err != nil {
			return nil, nil, err
		}
		static := auth.StaticCredential(host, auth.Credential{Username: s.Username, Password: s.Password})
		return static, static, nil
	}
	if s.RegistryConfig != "" {
		if _, err := os.Stat(s.RegistryConfig); err != nil {
			return nil, nil, s.wrongInput(fmt.Sprintf("registry-config: %v", err), "Check the path.")
		}
		store, err := credentials.NewStore(s.RegistryConfig, credentials.StoreOptions{})
		if err != nil {
			return nil, nil,
				s.wrongInput("registry-config: "+s.RegistryConfig+" cannot be read as a Docker configuration",
					"Give a file as `docker login` writes it.")
		}
		get := credentials.Credential(store)
		return get, get, nil
	}
	return storedCredentials(), nil, nil
}

// storedCredentials returns the credentials stored on this machine. A home folder that
// is missing or broken has none.
func storedCredentials() auth.CredentialFunc {
	var stores []credentials.Store
	if store, err := credentials.NewStore(helmpath.ConfigPath(registry.CredentialsFileBasename), credentials.StoreOptions{}); err == nil {
		stores = append(stores, store)
	}
	if store, err := credentials.NewStoreFromDocker(credentials.StoreOptions{}); err == nil {
		stores = append(stores, store)
	}
	if len(stores) == 0 {
		return nil
	}
	return credentials.Credential(credentials.NewStoreWithFallbacks(stores[0], stores[1:]...))
}

// onlyHost returns the one host of the addresses, which Username and Password are
// sent to, or "" without addresses. With several hosts it refuses: one would get the
// password of another.
func (s Source) onlyHost(addresses []*url.URL) (string, error) {
	var hosts []string
	for _, u := range addresses {
		hosts = append(hosts, u.Host)
	}
	slices.Sort(hosts)
	hosts = slices.Compact(hosts)
	switch len(hosts) {
	case 0:
		return "", nil
	case 1:
		return hosts[0], nil
	}
	return "", s.wrongInput("registry-username is for one host, and this chart's dependencies come from "+strings.Join(hosts, ", "),
		"Give registry-config instead, which names a host for each of its credentials.")
}

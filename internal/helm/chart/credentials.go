package chart

import (
	"context"
	"fmt"
	"os"
	"slices"

	"helm.sh/helm/v3/pkg/helmpath"
	"helm.sh/helm/v3/pkg/registry"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"
)

// credentials returns the credentials for registries and for chart repositories;
// either may be nil. Username and Password are for the hosts that the user named;
// RegistryConfig names its hosts. Without either, registries get what `helm registry
// login` or `docker login` stored on this machine, as with Helm itself, and
// repositories get nothing.
func (s Source) credentials() (forRegistry, forRepository auth.CredentialFunc, err error) {
	if s.Username != "" {
		static := s.ofNamedHosts()
		return static, static, nil
	}
	if s.RegistryConfig != "" {
		if _, err := os.Stat(s.RegistryConfig); err != nil {
			return nil, nil, s.wrongInput(fmt.Sprintf("registry-config: %s: %v", shownPath(s.RegistryConfig), unreadable(err)),
				"Check the path; it takes no content.")
		}
		store, err := credentials.NewStore(s.RegistryConfig, credentials.StoreOptions{})
		if err != nil {
			return nil, nil,
				s.wrongInput("registry-config: "+shownPath(s.RegistryConfig)+" cannot be read as a Docker configuration",
					"Give a file as `docker login` writes it.")
		}
		get := credentials.Credential(store)
		return get, get, nil
	}
	return storedCredentials(), nil, nil
}

// ofNamedHosts returns Username and Password for the hosts that the user named, and for
// no other: a chart that anybody may have written names its dependencies' hosts.
func (s Source) ofNamedHosts() auth.CredentialFunc {
	named := s.namedHosts()
	return func(_ context.Context, hostport string) (auth.Credential, error) {
		if !slices.Contains(named, canonicalHost(hostport)) {
			return auth.EmptyCredential, nil
		}
		return auth.Credential{Username: s.Username, Password: s.Password}, nil
	}
}

// namedHosts returns the hosts that the user named: of the chart's own address, and
// RegistryHosts.
func (s Source) namedHosts() []string {
	hosts := canonicalHosts(s.RegistryHosts)
	if u := s.address(); u != nil {
		hosts = append(hosts, canonicalHost(u.Host))
	}
	return hosts
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

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

// credentials says what is sent to registries and to chart repositories.
// Username and Password belong to one host; RegistryConfig names its hosts.
// Without either, registries get what `helm registry login` or `docker login`
// left on this machine, as with Helm itself; repositories get nothing.
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
			return nil, nil, s.wrongInput("registry-config: "+s.RegistryConfig+" cannot be read as a Docker configuration", "Give a file as `docker login` writes it.")
		}
		get := credentials.Credential(store)
		return get, get, nil
	}
	return s.fromThisMachine(), nil, nil
}

// fromThisMachine only reads; a home that is missing or broken has no credentials.
func (s Source) fromThisMachine() auth.CredentialFunc {
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

// onlyHost is the host that Username and Password are for. Sending them to
// several would hand one's password to another.
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

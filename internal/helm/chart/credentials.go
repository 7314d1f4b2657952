package chart

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"helm.sh/helm/v3/pkg/helmpath"
	"helm.sh/helm/v3/pkg/registry"
	"oras.land/oras-go/v2/registry/remote/auth"
)

// credentials returns the credentials for registries and for chart repositories;
// either may be nil. Username and Password are for the hosts that the user named;
// RegistryConfig names its hosts. Without either, registries get what `helm registry
// login` or `docker login` stored on this machine, as with Helm itself, and
// repositories get nothing.
func (s Source) credentials(ctx context.Context) (forRegistry, forRepository auth.CredentialFunc, err error) {
	if s.Username != "" {
		static := s.ofNamedHosts()
		return static, static, nil
	}
	if s.RegistryConfig == "" {
		return s.storedCredentials(ctx), nil, nil
	}
	config, err := s.readDockerConfig(s.RegistryConfig)
	if err != nil {
		return nil, nil, s.wrongInput(fmt.Sprintf("registry-config: %s: %v", shownPath(s.RegistryConfig), err),
			"Give the path of a file as `docker login` writes it; its content is not taken.")
	}
	get := until(ctx, config.credential)
	return get, get, nil
}

// until has credentials looked up until ctx ends: a helper may not.
func until(ctx context.Context, get auth.CredentialFunc) auth.CredentialFunc {
	return func(_ context.Context, hostport string) (auth.Credential, error) { return get(ctx, hostport) }
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

// storedCredentials returns the credentials stored on this machine, Helm's before
// Docker's. A home folder that is missing or broken has none.
func (s Source) storedCredentials(ctx context.Context) auth.CredentialFunc {
	var configs []*dockerConfig
	for _, path := range storedConfigs() {
		if config, err := s.readDockerConfig(path); err == nil {
			configs = append(configs, config)
		}
	}
	if len(configs) == 0 {
		return nil
	}
	return until(ctx, func(ctx context.Context, hostport string) (auth.Credential, error) {
		for _, config := range configs {
			if given, err := config.credential(ctx, hostport); err != nil || given != auth.EmptyCredential {
				return given, err
			}
		}
		return auth.EmptyCredential, nil
	})
}

// storedConfigs returns where Helm and Docker keep credentials. Without a home folder that
// would be in the working directory, where a branch can put a file.
func storedConfigs() (paths []string) {
	if path := helmpath.ConfigPath(registry.CredentialsFileBasename); filepath.IsAbs(path) {
		paths = append(paths, path)
	}
	if folder := os.Getenv("DOCKER_CONFIG"); folder != "" {
		return append(paths, filepath.Join(folder, "config.json"))
	}
	if home, err := os.UserHomeDir(); err == nil && filepath.IsAbs(home) {
		paths = append(paths, filepath.Join(home, ".docker", "config.json"))
	}
	return paths
}

package chart

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"oras.land/oras-go/v2/registry/remote/auth"
)

// maxConfig is how many bytes of a registry credentials file are read.
const maxConfig = 4 << 20

// dockerConfig is what counts of a registry credentials file, as `docker login` and
// `helm registry login` write it. oras reads such a file, too, but quotes a credential that
// it cannot read, and hands the log of the CI to the credential helpers.
type dockerConfig struct {
	Auths       map[string]dockerAuth `json:"auths"`
	CredsStore  string                `json:"credsStore"`
	CredHelpers map[string]string     `json:"credHelpers"`

	logf func(format string, args ...any)
}

// dockerAuth is a credential that the file holds itself.
type dockerAuth struct {
	Auth          string `json:"auth"` // user:password in base64; goes before the two that follow
	Username      string `json:"username"`
	Password      string `json:"password"`
	IdentityToken string `json:"identitytoken"`
	RegistryToken string `json:"registrytoken"`
}

// readDockerConfig reads a credentials file. Its error quotes nothing of it.
func (s Source) readDockerConfig(path string) (*dockerConfig, error) {
	data, err := readNamed(path, maxConfig)
	if err != nil {
		return nil, unreadable(err)
	}
	c := &dockerConfig{logf: s.logf}
	if json.Unmarshal(data, c) != nil {
		return nil, errors.New("it cannot be read as a Docker configuration")
	}
	return c, nil
}

// credential returns what there is for a registry: of the helper that is for it, of the one
// that is for all, or what the file holds.
func (c *dockerConfig) credential(ctx context.Context, hostport string) (auth.Credential, error) {
	server := hostport
	if hostport == "registry-1.docker.io" {
		server = "https://index.docker.io/v1/" // what Docker Hub is called there
	}
	helper := c.CredHelpers[server]
	if helper == "" {
		helper = c.CredsStore
	}
	if helper != "" {
		return askHelper(ctx, helper, server, c.logf)
	}
	stored, found := c.Auths[server]
	for _, key := range slices.Sorted(maps.Keys(c.Auths)) {
		if !found && hostOf(key) == server {
			stored, found = c.Auths[key], true
		}
	}
	return stored.credential(server)
}

// hostOf returns the host of a key, which old files have as an address.
func hostOf(key string) string {
	key = strings.TrimPrefix(strings.TrimPrefix(key, "https://"), "http://")
	host, _, _ := strings.Cut(key, "/")
	return host
}

func (a dockerAuth) credential(server string) (auth.Credential, error) {
	given := auth.Credential{Username: a.Username, Password: a.Password, RefreshToken: a.IdentityToken, AccessToken: a.RegistryToken}
	if a.Auth == "" {
		return given, nil
	}
	decoded, err := base64.StdEncoding.DecodeString(a.Auth)
	user, password, ok := strings.Cut(string(decoded), ":")
	if err != nil || !ok {
		return auth.EmptyCredential,
			fmt.Errorf("what the registry credentials file has as auth for %s is not user:password in base64", sanitize(server))
	}
	given.Username, given.Password = user, password
	return given, nil
}

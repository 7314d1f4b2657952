package secrets

import "testing"

func TestIsName(t *testing.T) {
	for name, want := range map[string]bool{
		"password": true, "DB_PASSWORD": true, "clientSecret": true, "apiKey": true, "access-key": true, "token": true, "passwords": true,
		"existingSecret": false, "imagePullSecrets": false, "secretName": false, "pull-secret": false, "tlsSecret": false, "key": false,
		"passwordPolicy": false, "username": false, "": false,
	} {
		if got := IsName(name); got != want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

package secrets

import (
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// What counts of the fields of a secret, told as it stands and by where it stands.
func TestBelow(t *testing.T) {
	for text, want := range map[string]string{
		"password: hunter2":                                                               "hunter2",
		"passwords: [hunter2, hunter3]":                                                   "hunter2 hunter3",
		"password: {value: hunter2}":                                                      "hunter2",
		"credentials: {plain: hunter2, admin: {text: hunter3}}":                           "hunter2 hunter3",
		"credentials: {key: hunter2, size: 2048, enabled: true}":                          "hunter2",
		"tokens: [{name: ci, value: hunter2}]":                                            "hunter2",
		"password: {valueFrom: {secretKeyRef: {name: a, key: b}}}":                        "",
		"password: {name: shop-db, key: tls.crt}":                                         "",
		"secret: {secretName: a, defaultMode: 420, items: [{key: cert2.pem, path: a/b}]}": "",
		"secrets: [{name: web-token-1x2y3}]":                                              "",
		"secret: {name: a, namespace: b}":                                                 "",
		"token: {secretRef: {name: a, anything: b}, credentialName: c}":                   "",
		"serviceAccountToken: {audience: vault, expirationSeconds: 600, path: token}":     "",
		"privateKey: {algorithm: ECDSA, encoding: PKCS8, rotationPolicy: Always}":         "",
		"secrets: [{parameter: connection, key: password, path: secret/data/keda}]":       "",
		"password: {type: string, description: what lets you in}":                         "",
		"password: null": "",
	} {
		var all map[string]any
		if err := yaml.Unmarshal([]byte(text), &all); err != nil {
			t.Fatal(err)
		}
		for field, value := range all {
			found := Below(value)
			slices.Sort(found)
			if got := strings.Join(found, " "); got != want {
				t.Errorf("%s: %q, want %q", text, got, want)
			}
			if _, fields := value.(map[string]any); fields {
				if by := leadsTo([]string{"spec", field}, value); by != (want != "") {
					t.Errorf("%s: by its path it is %t", text, by)
				}
			}
		}
	}
	for path, want := range map[string]bool{
		"spec.password.value": true, "spec.password": false, "spec.mode": false, "spec.passwordSecretRef.key": false,
		"spec.secretName": false, "spec.tokenReviews.value": false, "spec.imagePullSecrets.value": false,
		"spec.versions.schema.openAPIV3Schema.properties.password.pattern": false,
	} {
		if got := IsBelow(strings.Split(path, "."), "hunter2"); got != want {
			t.Errorf("%s: %t", path, got)
		}
	}
	for _, value := range []any{true, int64(7), nil, ""} {
		if IsBelow([]string{"spec", "password", "value"}, value) {
			t.Errorf("%v counts", value)
		}
	}
}

// leadsTo returns whether a path leads to anything below that counts.
func leadsTo(path []string, value any) bool {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			if leadsTo(append(slices.Clone(path), key), inner) {
				return true
			}
		}
		return false
	case []any:
		return slices.ContainsFunc(v, func(inner any) bool { return leadsTo(path, inner) })
	}
	return IsBelow(path, value)
}

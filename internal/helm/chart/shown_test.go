package chart

import (
	"strings"
	"testing"

	"github.com/berth-dev/berth/internal/problem"
)

// Content that was given where a path belongs is not quoted.
func TestContentIsNoPath(t *testing.T) {
	for name, s := range map[string]Source{
		"registry-config": {Chart: "oci://127.0.0.1:1/x", RegistryConfig: `{"auths":{"ghcr.io":{"auth":"` + password + `"}}}`},
		"ca-file":         {Chart: "oci://127.0.0.1:1/x", CAFile: "-----BEGIN PRIVATE KEY-----" + password},
	} {
		_, err := Fetch(t.Context(), s)
		wantProblem(t, err, problem.WrongInput, name, "not shown", "no such file")
		if strings.Contains(err.Error(), password) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, chart := range []string{
		"bob:" + password + "@h/x.tgz", "https:/h/x.tgz?sig=" + password, "oci:/bob:" + password + "@h/x",
		"//bob:" + password + "@h", "password: " + password, "https://h:" + password + "/x.tgz",
	} {
		if _, err := Fetch(t.Context(), Source{Chart: chart}); err == nil || strings.Contains(err.Error(), password) {
			t.Errorf("%s: %v", chart, err)
		}
	}
}

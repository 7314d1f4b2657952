package record

import (
	"testing"

	"github.com/berth-dev/berth/internal/problem"
)

func TestParseDriver(t *testing.T) {
	for env, want := range map[string]Kind{
		"": Secrets, "secret": Secrets, "secrets": Secrets, "configmap": ConfigMaps, "configmaps": ConfigMaps,
	} {
		if got, err := ParseDriver(env); got != want || err != nil {
			t.Errorf("ParseDriver(%q) = %q, %v", env, got, err)
		}
	}
	for _, env := range []string{"sql", "memory", "Secret", "etcd"} {
		if _, err := ParseDriver(env); problem.Of(err).Reason != problem.WrongInput {
			t.Errorf("ParseDriver(%q): %v", env, err)
		}
	}
}

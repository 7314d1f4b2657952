package input

import (
	"slices"
	"testing"
)

func TestSecretVariables(t *testing.T) {
	got := SecretVariables([]string{"AWS_SECRET_ACCESS_KEY=hunter2", "HOME=/root", "PWD=/builds/acme/shop",
		"DATABASE_URL=postgres://u:swordfish@h/d", "EMPTY_TOKEN",
		"BERTH_COPY_SECRET=platform/registry", "INPUT_COPY-SECRET=platform/registry", "BERTH_CHART=oci://u:haddock@h/c",
		"GOOGLE_CREDENTIALS=/run/google.json", "PASSWORD=x=y"})
	want := []string{"hunter2", "swordfish", "dTpzd29yZGZpc2g=", "haddock", "dTpoYWRkb2Nr", "x=y", ""}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

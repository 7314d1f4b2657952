package chart

import (
	"maps"
	"strings"
	"testing"

	helmchart "helm.sh/helm/v3/pkg/chart"
)

func TestTorn(t *testing.T) {
	for item, want := range map[string]torn{
		"db.password=a,b-c=d":       {"b-c": "db.password"},
		"password=a,b.c=d,e[0]=f":   {"b": "password", "e": "password"},
		`password=a\,b=c`:           {},
		"password={a,b=c},d=e":      {"d": "password"},
		"image=a,b=c":               {},
		"image=a,token=b,c=d":       {"c": "token"},
		"password=a,token=b,image=": {"image": "token"},
		"password=a,b":              {"b": "password"},
		"password=a{b,c=d":          {"c": "password"},
	} {
		if got := (Values{Set: []string{item}}).Torn(); !maps.Equal(got, want) {
			t.Errorf("%s: %v, want %v", item, got, want)
		}
	}
}

// The rest of a password is no name that anybody is told.
func TestNothingOfATornSecretIsTold(t *testing.T) {
	c := &helmchart.Chart{Metadata: &helmchart.Metadata{Name: "web"},
		Values: map[string]any{"db": map[string]any{"password": ""}, "image": "a"}}
	rest := torn{"hunter2": "db.password", "image": "db.password"}.unknown(c)
	said := strings.Join(misfits(c, map[string]any{"hunter2": "x", "imgae": "y"}, rest), "; ")
	if strings.Contains(said, "hunter2") || !strings.Contains(said, "db.password is cut at a comma") ||
		!strings.Contains(said, "no value imgae") {
		t.Error(said)
	}
	c.Schema = []byte(`{"additionalProperties": false, "properties": {"db": {}}}`)
	err := checkSchema(t.Context(), c, map[string]any{"hunter2": "x", "imgae": "y"}, rest)
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Fatal(err)
	}
	for _, named := range []string{"'***'", "'imgae'"} { // the library goes over a map: in either order
		if !strings.Contains(err.Error(), named) {
			t.Errorf("%s is not named: %v", named, err)
		}
	}
}

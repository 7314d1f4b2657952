package helm

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/rest"

	"github.com/berth-dev/berth/internal/helm/chart"
	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/secrets"
)

type reaches struct {
	genericclioptions.RESTClientGetter
	host string
}

func (r reaches) ToRESTConfig() (*rest.Config, error) { return &rest.Config{Host: r.host}, nil }

// What a template looks up is known to the mask before the template can say it.
func TestLookupsAreMasked(t *testing.T) {
	const password = "hunter2-looked-up"
	secret := fmt.Sprintf(`"metadata":{"name":"other","namespace":"ns"},"data":{"pw":%q}`, base64.StdEncoding.EncodeToString([]byte(password)))
	answers := map[string]string{
		"/api/v1": `{"kind":"APIResourceList","groupVersion":"v1","resources":[{"name":"secrets","namespaced":true,"kind":"Secret"},` +
			`{"name":"configmaps","namespaced":true,"kind":"ConfigMap"}]}`,
		"/api/v1/namespaces/ns/secrets/other": `{"kind":"Secret","apiVersion":"v1",` + secret + `}`,
		"/api/v1/namespaces/ns/secrets":       `{"kind":"SecretList","apiVersion":"v1","metadata":{},"items":[{` + secret + `}]}`,
		"/api/v1/namespaces/ns/configmaps/other": `{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"other"},` +
			`"data":{"password":"` + password + `"}}`,
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if answers[r.URL.Path] == "" {
			w.WriteHeader(http.StatusNotFound)
		}
		fmt.Fprint(w, answers[r.URL.Path])
	}))
	defer server.Close()
	for name, template := range map[string]string{
		"one":         `{{ $s := lookup "v1" "Secret" "ns" "other" }}{{ fail (printf "x %v %s" $s.data (b64dec $s.data.pw)) }}`,
		"many":        `{{ range (lookup "v1" "Secret" "ns" "").items }}{{ fail (printf "x %s %s" .data.pw (b64dec .data.pw)) }}{{ end }}`,
		"a ConfigMap": `{{ fail (printf "x %s" (lookup "v1" "ConfigMap" "ns" "other").data.password) }}`,
	} {
		folder := t.TempDir()
		if err := os.Mkdir(filepath.Join(folder, "templates"), 0o700); err != nil {
			t.Fatal(err)
		}
		for file, text := range map[string]string{"Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n", "templates/a.yaml": template} {
			if err := os.WriteFile(filepath.Join(folder, file), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		archive, err := chart.Fetch(t.Context(), chart.Source{Chart: folder, CacheDir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		mask := secrets.New()
		config, err := lookups{reaches{host: server.URL}, manifest.NewSensitive(mask)}.ToRESTConfig()
		if err != nil {
			t.Fatal(err)
		}
		_, err = chart.Render(t.Context(), archive, nil, chart.RenderOptions{Release: "web", Namespace: "ns", Revision: 1, RESTConfig: config})
		if err == nil || !strings.Contains(err.Error(), password) {
			t.Fatalf("%s: got %v, want an error that tells the value", name, err)
		}
		if got := mask.Text(err.Error()); strings.Contains(got, "hunter2") || strings.Contains(got, "aHVudGVy") || !strings.Contains(got, "x ") {
			t.Errorf("%s: got %s", name, got)
		}
	}
}

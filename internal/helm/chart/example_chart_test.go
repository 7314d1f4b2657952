package chart

import (
	"maps"
	"testing"

	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/lint"
	"helm.sh/helm/v3/pkg/lint/support"

	"github.com/berth-dev/berth/internal/problem"
)

const exampleChart = "../../../examples/web"

func TestExampleRenders(t *testing.T) {
	a, err := Fetch(t.Context(), Source{Chart: exampleChart, CacheDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	hostile := maps.Clone(data)
	hostile["Branch"] = "fix/\"quotes\": {and, commas}"
	values, err := Merge(t.Context(), Values{
		Files:     []string{"../../../examples/values-review.yaml"},
		SetString: []string{"host={{ .Host }}", "config.BRANCH={{ .Branch }}", `podAnnotations.review\.example\.com/commit={{ .SHA }}`},
		Data:      hostile,
	})
	if err != nil {
		t.Fatal(err)
	}
	o := options
	o.Capabilities = chartutil.DefaultCapabilities.Copy()
	o.Capabilities.KubeVersion = chartutil.KubeVersion{Version: "v1.36.3", Major: "1", Minor: "36"}
	for name, vals := range map[string]map[string]any{
		"defaults": nil,
		"review":   values,
		"all": {
			"host": "web.example.com", "ingress": map[string]any{"className": "nginx", "tlsSecret": "tls", "annotations": map[string]any{"a": "b"}},
			"image":          map[string]any{"pullSecrets": []any{"registry"}},
			"serviceAccount": map[string]any{"name": "own", "annotations": map[string]any{"a": "b"}},
			"podAnnotations": map[string]any{"a": "b"}, "migration": map[string]any{"podAnnotations": map[string]any{"a": "b"}},
			"nodeSelector": map[string]any{"a": "b"}, "tolerations": []any{map[string]any{"operator": "Exists"}},
		},
		"least": {"migration": map[string]any{"enabled": false}, "config": nil, "resources": nil},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Render(t.Context(), a, vals, o); err != nil {
				t.Error(err)
			}
			for _, m := range lint.All(exampleChart, vals, "review-x", true).Messages {
				if m.Severity > support.InfoSev {
					t.Errorf("lint: %v", m)
				}
			}
		})
	}
	for path, vals := range map[string]map[string]any{
		"replicas: expected integer, got string": {"replicas": "two"},
		"additional properties 'replica'":        {"replica": 3},
		"image.pullPolicy: value must be one of": {"image": map[string]any{"pullPolicy": "Sometimes"}},
		"host: does not match the pattern":       {"host": "https://web.example.com"},
	} {
		wantProblem(t, refused(Render(t.Context(), a, vals, o)), problem.ChartInvalid, path)
	}
}

package helm

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/berth-dev/berth/internal/facts"
)

// A GitOps controller's mark tells of another owner, unless a manifest of the release puts it
// there, or the user has said that the object is the release's.
func TestByGitOps(t *testing.T) {
	const flux, argo = "kustomize.toolkit.fluxcd.io/name", "argocd.argoproj.io/tracking-id"
	marked := func(marks ...string) *unstructured.Unstructured {
		o := &unstructured.Unstructured{Object: map[string]any{}}
		for i := 0; i < len(marks); i += 2 {
			annotate(marks[i], marks[i+1], o)
		}
		return o
	}
	labelled := marked()
	labelled.SetLabels(map[string]string{flux: "apps"})
	named := func(facts.Ref) bool { return true }
	for name, c := range map[string]struct {
		live, want, was *unstructured.Unstructured
		adopts          func(facts.Ref) bool
		why             string // a part of it; empty: it is the release's
	}{
		"no mark":                             {marked(), marked(), marked(), nil, ""},
		"Argo CD's":                           {marked(argo, "a:b"), marked(), marked(), nil, argo},
		"Flux's, by a label":                  {labelled, marked(), marked(), nil, flux},
		"as the chart says":                   {marked(argo, "a:b"), marked(argo, "a:b"), marked(), nil, ""},
		"as the chart said":                   {labelled, marked(), labelled, nil, ""},
		"as the chart said, and another one":  {marked(argo, "a:b", flux, "apps"), marked(), marked(argo, "a:b"), nil, flux},
		"with another value":                  {marked(argo, "a:b"), marked(argo, "c:d"), marked(), nil, argo},
		"adopt names it":                      {marked(argo, "a:b"), marked(), marked(), named, ""},
		"it was taken over":                   {marked(argo, "a:b", "berth.dev/taken-over-from", "x"), marked(), marked(), nil, ""},
		"to be kept, which forbids to delete": {marked("berth.dev/keep", "yes"), marked(), marked(), nil, ""},
	} {
		got := byGitOps(c.adopts, facts.Ref{Kind: "ConfigMap", Name: "a"}, c.want, c.was)(c.live)
		if (got == "") != (c.why == "") || !strings.Contains(got, c.why) {
			t.Errorf("%s: %q, want %q", name, got, c.why)
		}
	}
}

package helm

import (
	"context"
	"errors"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/berth-dev/berth/internal/facts"
)

func TestForbidden(t *testing.T) {
	none := func(context.Context, facts.Ref) (string, error) { return "", nil }
	flux := map[string]string{"kustomize.toolkit.fluxcd.io/name": "apps"}
	for name, c := range map[string]struct {
		live, chart map[string]string // labels
		inside      func(context.Context, facts.Ref) (string, error)
		want        string
	}{
		"nothing":                      {inside: none},
		"nobody looks":                 {},
		"a mark":                       {live: map[string]string{"berth.dev/keep": ""}, inside: none, want: "berth.dev/keep"},
		"a GitOps controller's":        {live: flux, inside: none, want: "GitOps"},
		"the same, and it is in chart": {live: flux, chart: flux, inside: none},
		"somebody has something in it": {inside: func(context.Context, facts.Ref) (string, error) { return "a Pod is in it", nil },
			want: "a Pod is in it"},
		"that cannot be told": {inside: func(context.Context, facts.Ref) (string, error) { return "", errors.New("no answer") },
			want: "cannot be told: no answer"},
	} {
		live, want := &unstructured.Unstructured{Object: map[string]any{}}, &unstructured.Unstructured{Object: map[string]any{}}
		live.SetLabels(c.live)
		want.SetLabels(c.chart)
		got := (&client{inside: c.inside, untilFenced: t.Context()}).forbidden(facts.Ref{Kind: "Namespace"}, want, live)
		if !strings.Contains(got, c.want) || (got == "") != (c.want == "") {
			t.Errorf("%s: %q", name, got)
		}
		if onPurpose(got) != strings.HasPrefix(got, keptByMark) {
			t.Errorf("%s: %q counts as left on purpose", name, got)
		}
	}
	if !onPurpose(keptByPolicy) || onPurpose("it belongs to somebody") {
		t.Error("what is left on purpose is not told from what is not")
	}
}

// By the marks that the chart has on an object, those of others are told.
func TestInventoryKeepsTheChartsMarks(t *testing.T) {
	const own = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web, labels: {argocd.argoproj.io/instance: web, a: b}}\n"
	of, err := inventory(own, offered())
	if err != nil || !strings.Contains(of.objects, `"argocd.argoproj.io/instance":"web"`) {
		t.Errorf("%s, %v", of.objects, err)
	}
}

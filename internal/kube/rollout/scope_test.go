package rollout

import (
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/labels"
)

// A watch of several objects must not bring those of other releases in a shared
// namespace.
func TestCommonSelector(t *testing.T) {
	for name, c := range map[string]struct {
		sets []labels.Set
		want string
	}{
		"by the instance": {[]labels.Set{{"app.kubernetes.io/instance": "a", "x": "1"}, {"app.kubernetes.io/instance": "a"}},
			"app.kubernetes.io/instance in (a)"},
		"by several values":     {[]labels.Set{{"app": "web"}, {"app": "db"}}, "app in (db,web)"},
		"by all that they have": {[]labels.Set{{"app": "web", "b": "1"}, {"app": "db", "b": "1"}}, "app in (db,web),b in (1)"},
		"nothing of their own":  {[]labels.Set{{"app.kubernetes.io/managed-by": "Helm"}, {"app.kubernetes.io/managed-by": "Helm"}}, ""},
		"nothing in common":     {[]labels.Set{{"a": "1"}, {"b": "1"}}, ""},
		"no labels":             {[]labels.Set{nil, {"b": "1"}}, ""},
		"too long":              {[]labels.Set{{"a": strings.Repeat("x", 63)}, {"a": "1", "b": "1"}, {}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := commonSelector(c.sets)
			if ok != (c.want != "") || ok && got != c.want {
				t.Errorf("commonSelector() = %q, %t, want %q", got, ok, c.want)
			}
		})
	}
}

// In a shared namespace, releases of several branches have most labels in common.
func TestScopeOf(t *testing.T) {
	for name, c := range map[string]struct {
		labels  [2]string
		own     bool
		release string
		want    string // empty: each by its name
	}{
		"by the instance": {[2]string{"{app.kubernetes.io/instance: x}", "{app.kubernetes.io/instance: x}"}, false, "shop-main",
			"app.kubernetes.io/instance in (x)"},
		"by the release's name": {[2]string{"{app: shop-main-web, of: shop}", "{app: shop-main-db, of: shop}"}, false, "shop-main",
			"app in (shop-main-db,shop-main-web),of in (shop)"},
		"as all branches have it":  {[2]string{"{app: shop}", "{app: shop}"}, false, "shop-main", ""},
		"one of them as all":       {[2]string{"{app: shop-main}", "{app: db}"}, false, "shop-main", ""},
		"its chart's, not its own": {[2]string{"{chart: shop-main-1, app: a}", "{chart: shop-main-1, app: b}"}, false, "shop-main", ""},
		"nobody else is there":     {[2]string{"{app: shop}", "{app: shop}"}, true, "shop-main", "app in (shop)"},
	} {
		t.Run(name, func(t *testing.T) {
			var group []*target
			for _, text := range c.labels {
				group = append(group, &target{live: object(t, "{apiVersion: v1, kind: Service, metadata: {labels: "+text+"}}")})
			}
			scope, ok := scopeOf(group, c.own, c.release)
			if scope.LabelSelector != c.want || ok != (c.want != "") {
				t.Errorf("scopeOf() = %q, %t, want %q", scope.LabelSelector, ok, c.want)
			}
		})
	}
}

// A merged selector matches nothing that none of the sets matched.
func TestMergeSelectors(t *testing.T) {
	for name, c := range map[string]struct {
		sets []labels.Set
		want []string
	}{
		"one":        {[]labels.Set{{"app": "web"}}, []string{"app in (web)"}},
		"two values": {[]labels.Set{{"app": "web", "of": "r"}, {"app": "db", "of": "r"}}, []string{"app in (db,web),of in (r)"}},
		"two labels apart": {[]labels.Set{{"app": "web", "tier": "a"}, {"app": "db", "tier": "b"}},
			[]string{"app in (web),tier in (a)", "app in (db),tier in (b)"}},
		"other labels": {[]labels.Set{{"app": "web"}, {"name": "web"}}, []string{"app in (web)", "name in (web)"}},
		"apart by another label": {[]labels.Set{{"a": "1", "b": "1"}, {"a": "2", "b": "1"}, {"a": "1", "b": "2"}},
			[]string{"a in (1,2),b in (1)", "a in (1),b in (2)"}},
		"without words for it": {[]labels.Set{{"app": "a b"}, {"app": "c d"}}, []string{"app=a b", "app=c d"}},
		"the same":             {[]labels.Set{{"a": "1"}, {"a": "1"}}, []string{"a in (1)"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, s := range mergeSelectors(c.sets) {
				got = append(got, s.String())
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("mergeSelectors() = %q, want %q", got, c.want)
			}
		})
	}
}

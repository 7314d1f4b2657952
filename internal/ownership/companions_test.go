package ownership

import (
	"maps"
	"testing"
)

func TestCompanionOf(t *testing.T) {
	c := Companion{Kind: CompanionCopy, Source: "platform/registry", Version: "7", Releases: []string{"web/me", "api/me"}}
	labels, annotations := c.Labels(), c.Annotations("review/registry")
	got, ours := CompanionOf("review/registry", labels, annotations)
	if !ours || got.Source != c.Source || got.Version != "7" || len(got.Releases) != 2 || got.Releases[0] != "api/me" {
		t.Errorf("%v %v", got, ours)
	}
	if names := got.ReleaseNames(); names[0] != "api" || names[1] != "web" {
		t.Errorf("it is there for %q", names)
	}
	for name, is := range map[string]struct {
		self                string
		labels, annotations map[string]string
	}{
		"under another name":  {self: "review/other"},
		"in another one":      {self: "other/registry"},
		"without its manager": {labels: map[string]string{LabelManagedBy: ManagedByHelm}},
		"of another kind":     {labels: map[string]string{LabelCompanion: "else"}},
		"for nobody":          {annotations: map[string]string{annotationReleases: " "}},
		"of nothing":          {annotations: map[string]string{annotationSource: ""}},
		"a release's":         {annotations: Release{"review", "web"}.Annotations()},
		"made by a hook":      {annotations: map[string]string{AnnotationHookOf: "review/web"}},
	} {
		self, l, a := is.self, maps.Clone(labels), maps.Clone(annotations)
		if self == "" {
			self = "review/registry"
		}
		maps.Copy(l, is.labels)
		maps.Copy(a, is.annotations)
		if _, ours := CompanionOf(self, l, a); ours {
			t.Errorf("%s: it is taken for Berth's", name)
		}
	}
	quota := Companion{Kind: CompanionQuota, Version: "1", Releases: []string{"web/me"}}
	if _, ours := CompanionOf("review/quota", quota.Labels(), quota.Annotations("review/quota")); !ours {
		t.Error("a quota is not taken for Berth's")
	}
}

package input

import (
	"slices"
	"strings"
	"testing"
)

func TestCheckCopy(t *testing.T) {
	for value, good := range map[string]bool{
		"platform/registry": true, " platform/registry=pull ": true, "default/a.b-c": true,
		"": false, "registry": false, "platform/": false, "/registry": false, "platform/registry=": false, "a/b/c": false,
		"kube-system/registry": false, "Platform/registry": false, "platform/Registry": false, "platform/../x": false,
		"platform/{{ .Slug }}": false, "platform/sh.helm.release.v1.web.v1": false, "platform/a=sh.helm.release.v1.web.v1": false,
		"platform/a=b=c": false, "platform/a\nb": false, "platform/" + strings.Repeat("a", 254): false, strings.Repeat("a", 64) + "/a": false,
		"platform/a..b": false, "platform/-a": false,
	} {
		if allowed := checkCopy(value); (allowed == "") != good {
			t.Errorf("%q: %q", value, allowed)
		}
	}
	o := Options{Policy: Policy{CopySecrets: []string{"platform/registry", " platform/tls=preview-tls "}}}
	want := []Copy{{"platform", "registry", "registry"}, {"platform", "tls", "preview-tls"}}
	if got := o.Copies(); !slices.Equal(got, want) || o.copiesTwice() != "" {
		t.Errorf("%v", got)
	}
	o.CopySecrets = append(o.CopySecrets, "other/registry")
	if o.copiesTwice() != "registry" {
		t.Error("two copies have one name")
	}
}

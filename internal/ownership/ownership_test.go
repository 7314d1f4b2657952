package ownership

import (
	"maps"
	"testing"
)

func TestIsBerths(t *testing.T) {
	labels := map[string]string{LabelManagedBy: ManagedByBerth}
	annotations := map[string]string{AnnotationNamespaceUID: "u1"}
	tests := map[string]struct {
		uid                 string
		labels, annotations map[string]string
		want                bool
	}{
		"its own UID":           {"u1", labels, annotations, true},
		"a copy":                {"u2", labels, annotations, false},
		"without the label":     {"u1", nil, annotations, false},
		"managed by Helm":       {"u1", map[string]string{LabelManagedBy: ManagedByHelm}, annotations, false},
		"without the UID on it": {"u1", labels, nil, false},
		"without any UID":       {"", labels, nil, false},
	}
	for name, tt := range tests {
		if got := IsBerths(tt.uid, tt.labels, tt.annotations); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

func TestOwner(t *testing.T) {
	helm := Release{}.Labels()
	tests := map[string]struct {
		labels, annotations map[string]string
		named, owner        string
	}{
		"nothing":                  {nil, nil, "", ""},
		"the label alone":          {helm, nil, "", ""},
		"label and annotations":    {helm, Release{"ns", "web"}.Annotations(), "ns/web", "ns/web"},
		"the annotations alone":    {nil, Release{"ns", "web"}.Annotations(), "ns/web", ""},
		"another manager":          {map[string]string{LabelManagedBy: ManagedByBerth}, Release{"ns", "web"}.Annotations(), "ns/web", ""},
		"a name without namespace": {helm, map[string]string{annotationReleaseName: "web"}, "/web", "/web"},
		"a namespace alone":        {helm, map[string]string{annotationReleaseNamespace: "ns"}, "ns/", ""},
	}
	for name, tt := range tests {
		if got := NamedRelease(tt.annotations).String(); got != tt.named {
			t.Errorf("%s: names %q, want %q", name, got, tt.named)
		}
		if got := OwnerOf(tt.labels, tt.annotations).String(); got != tt.owner {
			t.Errorf("%s: owner %q, want %q", name, got, tt.owner)
		}
	}
}

func TestKeptByPolicy(t *testing.T) {
	for value, want := range map[string]bool{"keep": true, " Keep ": true, "delete": false, "": false, "keep it": false} {
		if got := KeptByPolicy(map[string]string{"helm.sh/resource-policy": value}); got != want {
			t.Errorf("%q: %v, want %v", value, got, want)
		}
	}
	if KeptByPolicy(nil) {
		t.Error("an object without annotations is kept")
	}
}

// A mark that the chart itself puts on its object tells of nobody else.
func TestKeepMarkBeside(t *testing.T) {
	argo, flux := "argocd.argoproj.io/instance", "kustomize.toolkit.fluxcd.io/name"
	for name, c := range map[string]struct {
		live, wanted map[string]string
		keep         bool
	}{
		"the chart's own":                  {map[string]string{argo: "web"}, map[string]string{argo: "web"}, false},
		"the chart's own, and another's":   {map[string]string{argo: "web", flux: "apps"}, map[string]string{argo: "web"}, true},
		"another value than the chart's":   {map[string]string{argo: "apps"}, map[string]string{argo: "web"}, true},
		"berth.dev/keep, also the chart's": {map[string]string{AnnotationKeep: "true"}, map[string]string{AnnotationKeep: "true"}, true},
	} {
		if why, keep := KeepMarkBeside(c.live, nil, c.wanted, nil); keep != c.keep {
			t.Errorf("%s, as a label: %t, %s", name, keep, why)
		}
		if why, keep := KeepMarkBeside(nil, c.live, nil, c.wanted); keep != c.keep {
			t.Errorf("%s, as an annotation: %t, %s", name, keep, why)
		}
	}
}

func TestKeepMark(t *testing.T) {
	tests := map[string]struct {
		labels, annotations map[string]string
		want                string
	}{
		"nothing":       {nil, nil, ""},
		"an annotation": {nil, map[string]string{AnnotationKeep: ""}, "it is marked berth.dev/keep"},
		"a label":       {map[string]string{AnnotationKeep: "yes"}, nil, "it is marked berth.dev/keep"},
		"false":         {map[string]string{AnnotationKeep: "False"}, nil, ""},
		"Flux": {map[string]string{"kustomize.toolkit.fluxcd.io/name": "apps"}, nil,
			"a GitOps controller owns it (kustomize.toolkit.fluxcd.io/name)"},
		"Argo CD": {nil, map[string]string{"argocd.argoproj.io/tracking-id": "a:b"},
			"a GitOps controller owns it (argocd.argoproj.io/tracking-id)"},
		"false, but Flux's": {map[string]string{"helm.toolkit.fluxcd.io/name": "a"}, map[string]string{AnnotationKeep: "false"},
			"a GitOps controller owns it (helm.toolkit.fluxcd.io/name)"},
	}
	for name, tt := range tests {
		why, keep := KeepMark(tt.labels, tt.annotations)
		if why != tt.want || keep != (tt.want != "") {
			t.Errorf("%s: %v, %q, want %q", name, keep, why, tt.want)
		}
	}
}

func TestGoesWithApp(t *testing.T) {
	tests := map[string]struct {
		labels, annotations map[string]string
		want                bool
	}{
		"nothing":                    {nil, nil, false},
		"a label":                    {map[string]string{LabelWithApp: "true"}, nil, true},
		"an annotation":              {nil, map[string]string{LabelWithApp: ""}, true},
		"a label that says it stays": {map[string]string{LabelWithApp: "False"}, nil, false},
	}
	for name, tt := range tests {
		if got := GoesWithApp(tt.labels, tt.annotations); got != tt.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestIsGitOps(t *testing.T) {
	for manager, want := range map[string]bool{"argocd-controller": true, "helm-controller": true, "helm": false, "kubectl": false,
		"": false} {
		if got := IsGitOps(manager); got != want {
			t.Errorf("%q: %v, want %v", manager, got, want)
		}
	}
}

func TestIsHook(t *testing.T) {
	if IsHook(nil) || !IsHook(map[string]string{"helm.sh/hook": "pre-install"}) {
		t.Error("a hook is told by its annotation")
	}
}

func TestTakenOver(t *testing.T) {
	if from, taken := TakenOver(nil); taken || from != "" {
		t.Errorf("nobody took it, and it says %q", from)
	}
	once := TakenOverFrom("team/postgres", map[string]string{"a": "b"})
	again := TakenOverFrom("review/web", once)
	if from, taken := TakenOver(again); !taken || from != "team/postgres" {
		t.Errorf("taken from %q, %v", from, taken)
	}
}

func TestMerge(t *testing.T) {
	a, b := map[string]string{"x": "1", "y": "1"}, map[string]string{"y": "2"}
	if got := Merge(a, nil, b); !maps.Equal(got, map[string]string{"x": "1", "y": "2"}) || a["y"] != "1" {
		t.Errorf("got %v, and the first is now %v", got, a)
	}
}

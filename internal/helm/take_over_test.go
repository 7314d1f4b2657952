package helm

import (
	"errors"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/release"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/internal/problem"
)

// found is an object of the chart that exists in namespace review and names a release,
// with what change makes of the live one.
func found(owner ownership.Release, change func(live, wanted *unstructured.Unstructured)) *foreignObject {
	live := &unstructured.Unstructured{Object: map[string]any{}}
	live.SetLabels(owner.Labels())
	live.SetAnnotations(owner.Annotations())
	wanted := &unstructured.Unstructured{Object: map[string]any{}}
	info := &resource.Info{Namespace: "review", Name: "data", Object: wanted, Mapping: &meta.RESTMapping{
		GroupVersionKind: schema.GroupVersionKind{Version: "v1", Kind: "PersistentVolumeClaim"}, Scope: meta.RESTScopeNamespace}}
	if change != nil {
		change(live, wanted)
	}
	return &foreignObject{info: info, live: live, owner: ownership.NamedRelease(live.GetAnnotations())}
}

// annotate adds an annotation to objects.
func annotate(key, value string, objects ...*unstructured.Unstructured) {
	for _, o := range objects {
		o.SetAnnotations(ownership.Merge(o.GetAnnotations(), map[string]string{key: value}))
	}
}

// What Berth has put beside a release that is on record is that release's.
func TestBeside(t *testing.T) {
	copied := func(releases ...string) *foreignObject {
		return found(ownership.Release{}, func(live, _ *unstructured.Unstructured) {
			c := ownership.Companion{Kind: ownership.CompanionCopy, Source: "platform/registry", Releases: releases}
			live.SetLabels(c.Labels())
			live.SetAnnotations(c.Annotations("review/data"))
		})
	}
	look := func(of ownership.Release) recorded { return recorded{found: of.Name == "living"} }
	for name, c := range map[string]struct {
		object *foreignObject
		want   string // the release; "": none that is on record
	}{
		"this release's":    {copied(ours.Name + "/me"), ours.Name},
		"of one on record":  {copied("gone/a", "living/b"), "living"},
		"of none on record": {copied("gone/a"), ""},
		"no copy":           {found(theirs, nil), ""},
		"a copy of it, marked": {found(theirs, func(live, _ *unstructured.Unstructured) {
			live.SetLabels(copied("living/b").live.GetLabels())
		}), ""},
	} {
		c.object.beside(ours, look)
		if c.object.put != (c.want != "") || c.object.recorded.found != (c.want != "") || c.want != "" && c.object.release().Name != c.want {
			t.Errorf("%s: %+v", name, c.object)
		}
	}
	c := copied("gone/a")
	c.beside(ours, func(ownership.Release) recorded { return recorded{unknown: errors.New("denied")} })
	if c.recorded.unknown == nil || c.recorded.found {
		t.Errorf("where it cannot be told: %+v", c.recorded)
	}
}

// That no record is found proves nothing of an object that somebody wants: it is taken
// over only where adopt names it. Every mark counts for itself.
func TestDoubtOf(t *testing.T) {
	type change = func(live, wanted *unstructured.Unstructured)
	onLive := func(key, value string) change {
		return func(live, _ *unstructured.Unstructured) { annotate(key, value, live) }
	}
	onBoth := func(key, value string) change { // as the chart says
		return func(live, wanted *unstructured.Unstructured) { annotate(key, value, live, wanted) }
	}
	const keep, mark = "helm.sh/resource-policy", "berth.dev/keep"
	const argo, flux = "argocd.argoproj.io/tracking-id", "kustomize.toolkit.fluxcd.io/name"
	controlled := true
	for name, c := range map[string]struct {
		owner  ownership.Release
		change change
		doubt  string // a part of it; empty: there is none
	}{
		"of a release that is no more":      {theirs, nil, ""},
		"of this release":                   {ours, nil, ""},
		"of nobody":                         {ownership.Release{}, nil, "names no release"},
		"of a name without namespace":       {ownership.Release{Name: "past"}, nil, "names no release"},
		"of a release of another namespace": {ownership.Release{Namespace: "prod", Name: "web"}, nil, "another namespace"},
		"of another tool": {theirs, func(live, _ *unstructured.Unstructured) {
			live.SetLabels(map[string]string{ownership.LabelManagedBy: "pulumi"})
		}, `managed by "pulumi"`},
		"kept":                        {theirs, onLive(keep, "keep"), "kept on purpose"},
		"kept, as the chart says":     {theirs, onBoth(keep, "keep"), "kept on purpose"},
		"own, kept":                   {ours, onLive(keep, "keep"), "kept on purpose"},
		"own, kept, as it says":       {ours, onBoth(keep, "keep"), ""},
		"with another policy":         {theirs, onLive(keep, "delete"), ""},
		"marked":                      {theirs, onLive(mark, "true"), mark},
		"own, marked":                 {ours, onLive(mark, "true"), mark},
		"own, marked, as it says":     {ours, onBoth(mark, "true"), ""},
		"Argo CD's":                   {theirs, onLive(argo, "a:b"), "GitOps"},
		"own, and Argo CD's":          {ours, onLive(argo, "a:b"), "GitOps"},
		"own, and Flux's, as it says": {ours, onBoth(flux, "a"), ""},
		"written by Argo CD": {ours, func(live, _ *unstructured.Unstructured) {
			live.SetManagedFields([]metav1.ManagedFieldsEntry{{Manager: "helm"}, {Manager: "argocd-controller"}})
		}, "argocd-controller"},
		"made by a controller": {theirs, func(live, _ *unstructured.Unstructured) {
			live.SetOwnerReferences([]metav1.OwnerReference{{Kind: "Postgres", Name: "main", Controller: &controlled}})
		}, `made by Postgres "main"`},
	} {
		err := doubtOf(found(c.owner, c.change), ours)
		if (err != nil) != (c.doubt != "") || err != nil && !strings.Contains(err.Error(), c.doubt) {
			t.Errorf("%s: %v, want %q", name, err, c.doubt)
		}
	}
	cluster := found(theirs, nil)
	cluster.info.Namespace, cluster.info.Mapping.Scope = "", meta.RESTScopeRoot
	elsewhere := found(theirs, nil)
	elsewhere.info.Namespace = "prod"
	for _, o := range []*foreignObject{cluster, elsewhere} {
		if doubtOf(o, ours) == nil {
			t.Errorf("of %q: no doubt", o.info.Namespace)
		}
		if o.owner = ours; doubtOf(o, ours) != nil {
			t.Errorf("of %q, the release's own: %v", o.info.Namespace, doubtOf(o, ours))
		}
	}
}

// What a release has on record is never taken, whatever adopt names; what is in doubt
// is when adopt names it, and the refusal says how, and what teardown then does.
func TestRefuseTakeOver(t *testing.T) {
	doubtful, living := found(theirs, nil), found(theirs, nil)
	doubtful.doubt, living.recorded.found = errors.New("may be wanted"), true
	copied := found(theirs, nil)
	copied.recorded.found, copied.put = true, true
	for name, c := range map[string]struct {
		adopt   []string
		objects []foreignObject
		says    []string // nil: it is not refused
	}{
		"nothing":  {nil, nil, nil},
		"no doubt": {nil, []foreignObject{*found(theirs, nil)}, nil},
		"in doubt": {nil, []foreignObject{*doubtful},
			[]string{"may be wanted", "adopt", "PersistentVolumeClaim/data", "Teardown", "deletes them"}},
		"another is named":    {[]string{"PersistentVolumeClaim/other", "Secret/*"}, []foreignObject{*doubtful}, []string{"may be wanted"}},
		"named":               {[]string{"PersistentVolumeClaim/d*"}, []foreignObject{*doubtful}, nil},
		"everything is":       {[]string{"*/*"}, []foreignObject{*doubtful}, nil},
		"its owner is there":  {[]string{"*/*"}, []foreignObject{*living}, []string{"belongs to release review/past", "remove their owner"}},
		"a copy":              {[]string{"*/*"}, []foreignObject{*copied}, []string{"has put there for release review/past"}},
		"one of two is named": {[]string{"*/*"}, []foreignObject{*doubtful, *living}, []string{"belongs to release review/past"}},
	} {
		err := refuseTakeOver(&client{release: ours, adopt: c.adopt}, c.objects)
		if c.says == nil {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		p := problem.Of(err)
		if p == nil || p.Reason != problem.Foreign {
			t.Fatalf("%s: %v", name, err)
		}
		for _, part := range c.says {
			if !strings.Contains(p.Error()+" "+p.Next, part) {
				t.Errorf("%s: it does not say %q: %s %s", name, part, p.Error(), p.Next)
			}
		}
	}
}

// A release that Helm's other driver keeps is somebody's, whatever adopt says.
func TestInstallOverAReleaseOfTheOtherDriver(t *testing.T) {
	for name, c := range map[string]struct {
		answer  string
		adopt   []string
		refused bool
	}{
		"recorded":            {`{"items":[{"metadata":{"name":"sh.helm.release.v1.web.v1"}}]}`, []string{"*"}, true},
		"in quarantine":       {`{"items":[{"metadata":{"name":"sh.helm.release.v1.web.v1-quarantined-1c7150"}}]}`, nil, false},
		"another one's":       {`{"items":[{"metadata":{"name":"sh.helm.release.v1.db.v1"}}]}`, nil, false},
		"unknown":             {`no JSON`, nil, true},
		"unknown, but wanted": {`no JSON`, []string{"ConfigMap/web"}, false},
	} {
		s := newSDK(t)
		s.exists(webMap, ours)
		s.client.adopt = c.adopt
		o, op := s.operations()
		install := &installClient{deployClient: &deployClient{client: s.client, core: recordsSaying(c.answer)}}
		out := o.install(op, install, chartOf(map[string]string{"web.yaml": webMap}), nil, false, nil)
		if c.refused != (out.Err != nil) || c.refused && problem.Of(out.Err).Reason != problem.Foreign {
			t.Errorf("%s: %v", name, out.Err)
		}
	}
}

// An install over objects that name the release, of which no record is left, goes by
// their marks before it stores anything.
func TestInstallOverOwnObjectsThatAreKept(t *testing.T) {
	for name, c := range map[string]struct {
		adopt   []string
		replace bool
		refused bool
	}{
		"refused":               {nil, false, true},
		"named by adopt":        {[]string{"ConfigMap/web"}, false, false},
		"over stored revisions": {nil, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSDK(t)
			s.exists(webMap, ours)
			annotate("helm.sh/resource-policy", "keep", s.live["web"])
			if c.replace {
				s.store(1, release.StatusFailed, webMap)
			}
			s.client.adopt = c.adopt
			o, op := s.operations()
			install := &installClient{deployClient: &deployClient{client: s.client, core: noRecords()}}
			out := o.install(op, install, chartOf(map[string]string{"web.yaml": webMap}), nil, c.replace, nil)
			if !c.refused && out.Err != nil {
				t.Fatal(out.Err)
			}
			stored, patched := false, false
			for _, call := range s.calls {
				stored, patched = stored || strings.HasPrefix(call, "store new"), patched || call == "PATCH web"
			}
			if c.refused && (stored || patched || problem.Of(out.Err).Reason != problem.Foreign || out.Revision != 0) {
				t.Errorf("outcome %+v after %q", out, s.calls)
			}
			if marks := len(c.adopt) > 0; patched != marks {
				t.Errorf("marked as taken over: %v, calls %q", patched, s.calls)
			}
		})
	}
}

// What adopt names goes with a teardown alone: a deploy takes the same inputs.
func TestTakenOverOutlives(t *testing.T) {
	ref := facts.Ref{Kind: "ConfigMap", Namespace: "review", Name: "data"}
	taken := found(ours, func(live, _ *unstructured.Unstructured) { annotate("berth.dev/taken-over-from", "nobody", live) }).live
	for name, c := range map[string]struct {
		adopt   []string
		takenGo bool
		live    metav1.Object
		stays   string // a part of why; empty: it may go
	}{
		"its own":                      {nil, false, found(ours, nil).live, ""},
		"taken, at a deploy":           {nil, false, taken, "only the verb teardown"},
		"taken and named, at a deploy": {[]string{"ConfigMap/data"}, false, taken, "only the verb teardown"},
		"taken, at a teardown":         {nil, true, taken, "adopt does not name it"},
		"taken and named, at the end":  {[]string{"ConfigMap/*"}, true, taken, ""},
		"taken, and another one named": {[]string{"Secret/data"}, true, taken, "adopt does not name it"},
	} {
		client := &client{adopt: c.adopt, takenGo: c.takenGo}
		if got := client.takenOver(ref, c.live); (got == "") != (c.stays == "") || !strings.Contains(got, c.stays) {
			t.Errorf("%s: %q, want %q", name, got, c.stays)
		}
	}
}

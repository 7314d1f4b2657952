package helm

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/kube"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/resource"
	"k8s.io/client-go/rest/fake"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/secrets"
)

// setByHand is webMap as it lives, with what no manifest has.
var setByHand = strings.Replace(webMap, "metadata:", "data: {app.xml: '<password>hunter2-by-hand</password>'}\nmetadata:", 1)

// telling returns an sdk whose client tells a mask, and that mask.
func telling(t *testing.T) (*sdk, *secrets.Mask) {
	t.Helper()
	s, mask := newSDK(t), secrets.New()
	told := manifest.NewSensitive(mask)
	s.client.sensitive, s.client.leavings.sensitive, s.client.changes.sensitive = told, told, told
	return s, mask
}

// webInfo builds webMap.
func (s *sdk) webInfo() *resource.Info {
	s.t.Helper()
	list, err := s.client.Build(strings.NewReader(webMap), false)
	if err != nil {
		s.t.Fatal(err)
	}
	return list[0]
}

// Whoever reads an object as it lives has the mask know what is secret in it, before anything can quote it.
func TestWhatIsReadIsTold(t *testing.T) {
	for name, read := range map[string]func(s *sdk) error{
		"an update": func(s *sdk) error {
			original, target := kube.ResourceList{s.webInfo()}, kube.ResourceList{s.webInfo()}
			_, err := s.client.Update(original, target, false)
			return err
		},
		"whose it is":       func(s *sdk) error { return refuseForeign(s.client, "no", kube.ResourceList{s.webInfo()}) },
		"what is taken":     func(s *sdk) error { _, err := readForeign(s.client, kube.ResourceList{s.webInfo()}); return err },
		"a hook":            func(s *sdk) error { return refuseTakenHooks(s.client, "no", []string{webMap}) },
		"what is deleted":   func(s *sdk) error { _, errs := s.client.Delete(kube.ResourceList{s.webInfo()}); return first(errs) },
		"what goes":         func(s *sdk) error { s.client.drop(kube.ResourceList{s.webInfo()}, needed{}); return nil },
		"what was made":     func(s *sdk) error { return s.client.explainExisting(s.webInfo(), nil) },
		"a deploy's look":   func(s *sdk) error { return (&deployClient{client: s.client}).look(kube.ResourceList{s.webInfo()}) },
		"a preview":         func(s *sdk) error { (&preview{client: s.client}).apply(s.webInfo(), s.webInfo()); return nil },
		"one of a deletion": func(s *sdk) error { (&preview{client: s.client}).drop(s.webInfo(), needed{}); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			s, mask := telling(t)
			s.exists(setByHand, s.client.release)
			if err := read(s); err != nil {
				t.Log(err) // it has read
			}
			if got := mask.Text("it is hunter2-by-hand"); got != "it is ***" {
				t.Error(got)
			}
		})
	}
}

func first(errs []error) error {
	if len(errs) == 0 {
		return nil
	}
	return errs[0]
}

// What admission puts into an object, also while it is only tried, is masked as well.
func TestWhatIsAnsweredIsTold(t *testing.T) {
	answers := func(info *resource.Info) *resource.Info {
		live := &unstructured.Unstructured{}
		for _, o := range manifests(kube.ResourceList{info}) {
			live = o
		}
		live.SetUID("u")
		live.SetResourceVersion("2")
		_ = unstructured.SetNestedField(live.Object, "token: hunter2-injected\na: b\n", "data", "app.conf") // it is a map
		body, err := live.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		info.Client.(*fake.RESTClient).Client = fake.CreateHTTPClient(func(*http.Request) (*http.Response, error) {
			return jsonResponse(http.StatusOK, body), nil
		})
		return info
	}
	for name, write := range map[string]func(s *sdk, info *resource.Info){
		"a patch that is tried": func(s *sdk, info *resource.Info) {
			m := &mended{leavings: s.client.leavings, info: info, want: manifests(kube.ResourceList{info})[0]}
			_, _ = m.try("application/merge-patch+json", []byte(`{}`))
		},
		"one that is tried to be made": func(s *sdk, info *resource.Info) {
			(&preview{client: s.client, deploy: facts.Preview{}}).create(info)
		},
		"what was made": func(s *sdk, info *resource.Info) {
			wants := manifests(kube.ResourceList{info})
			answer, _ := resource.NewHelper(info.Client, info.Mapping).Get(info.Namespace, info.Name)
			_ = info.Refresh(answer, true)
			s.client.leavings.created(wants, kube.ResourceList{info})
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, mask := telling(t)
			write(s, answers(s.webInfo()))
			if got := mask.Text("it is hunter2-injected"); got != "it is ***" {
				t.Error(got)
			}
		})
	}
}

// What is told of a write is told to the mask before, and a long secret is masked before it is cut.
func TestWhatIsComparedIsTold(t *testing.T) {
	s, mask := telling(t)
	same := strings.Repeat("hunter2/", 10)
	var both [2]*unstructured.Unstructured
	for i := range both {
		value := same + fmt.Sprint(i) + same + same
		both[i] = &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap",
			"metadata": map[string]any{"name": "web"}, "data": map[string]any{"app.conf": "password=" + value + "\n", "copied": value}}}
	}
	s.client.changes.wrote(facts.Ref{Kind: "ConfigMap", Name: "web"}, both[0], both[1])
	all := s.client.changes.list(false).All
	if len(all) != 1 || len(all[0].Fields) != 2 {
		t.Fatalf("%+v", all)
	}
	for _, f := range all[0].Fields {
		if f.Before != facts.NotShown || f.After != facts.NotShown {
			t.Errorf("%+v", f)
		}
	}
	if got := mask.Text(same + "0" + same + same); got != "***" {
		t.Error(got)
	}
}

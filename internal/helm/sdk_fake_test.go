package helm

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"helm.sh/helm/v3/pkg/action"
	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/kube"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage"
	"helm.sh/helm/v3/pkg/storage/driver"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/resource"
	"k8s.io/client-go/rest/fake"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/helm/chart"
	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/internal/result"
)

// sdk is all that an action of Helm's runs on, without a cluster: a Kubernetes
// client, an API server's objects, a record store and a waiter. It records what
// the action asks of them, in order.
type sdk struct {
	t         *testing.T
	records   *driver.Memory
	client    *client
	refuses   bool              // what is written to an object is no good
	hookFails error             // with which every hook ends
	unpatched string            // the name of an object whose patches fail
	unserved  string            // an API version that is not served
	patches   map[string]string // the last patch of each object, by name

	mu    sync.Mutex
	calls []string
	live  map[string]*unstructured.Unstructured // by name
}

func newSDK(t *testing.T) *sdk {
	s := &sdk{t: t, records: driver.NewMemory(), live: map[string]*unstructured.Unstructured{}, patches: map[string]string{}}
	s.records.SetNamespace("review")
	s.client = &client{changes: &changes{},
		sdkClient: s, log: t.Logf, untilFenced: t.Context(), operationCtx: t.Context(), waiter: s,
		cacheGets: func() func() {
			s.called("begin cache")
			return func() { s.called("end cache") }
		},
		release: ownership.Release{Namespace: "review", Name: "web"}, timeline: newTimeline(),
	}
	s.client.leavings = newLeavings(s.client.release, nil, nil)
	return s
}

// operations returns the operations, and one of them that runs on s.
func (s *sdk) operations() (*Operations, *operation) {
	op := &operation{
		backend: Backend{Fence: openFence{s.t.Context()}},
		config: &action.Configuration{Releases: storage.Init(recordedDriver{s.records, s}),
			Capabilities: chartutil.DefaultCapabilities, Log: s.t.Logf},
		client: s.client,
	}
	archive, err := chart.Fetch(s.t.Context(), chart.Source{Chart: "testdata/empty", CacheDir: s.t.TempDir()})
	if err != nil {
		s.t.Fatal(err)
	}
	return &Operations{opts: Options{Release: "web", Namespace: "review", Timeout: time.Minute},
		chart: &ChartSource{archive: archive}, records: &RecordStore{}}, op
}

// store stores a revision of these objects.
func (s *sdk) store(revision int, status release.Status, objects string, hooks ...*release.Hook) {
	s.t.Helper()
	rls := &release.Release{Name: "web", Namespace: "review", Version: revision, Manifest: objects, Hooks: hooks,
		Info: &release.Info{Status: status}, Chart: chartOf(nil)}
	if err := s.records.Create(fmt.Sprintf("sh.helm.release.v1.web.v%d", revision), rls); err != nil {
		s.t.Fatal(err)
	}
}

// exists puts an object onto the API server, with the release as its owner.
func (s *sdk) exists(document string, owner ownership.Release) {
	s.t.Helper()
	objects, err := manifest.Parse(document)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, o := range objects {
		o.SetLabels(owner.Labels())
		o.SetAnnotations(owner.Annotations())
		o.SetUID("uid")
		s.live[o.GetName()] = o
	}
}

// status returns the stored status of a revision.
func (s *sdk) status(revision int) release.Status {
	s.t.Helper()
	rls, err := s.records.Get(fmt.Sprintf("sh.helm.release.v1.web.v%d", revision))
	if err != nil {
		s.t.Fatal(err)
	}
	return rls.Info.Status
}

func (s *sdk) called(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, fmt.Sprintf(format, args...))
}

// wants fails the test unless the calls were these.
func (s *sdk) wants(want ...string) {
	s.t.Helper()
	got, wanted := strings.Join(s.calls, "\n"), strings.Join(want, "\n")
	if got != wanted {
		s.t.Errorf("Helm called:\n%s\n\nwant:\n%s", got, wanted)
	}
}

func namesOf(list kube.ResourceList) string { return strings.Join(names(refs(list)), " ") }

// Build implements kube.Interface.
func (s *sdk) Build(r io.Reader, _ bool) (kube.ResourceList, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	objects, err := manifest.Parse(string(text))
	if err != nil {
		return nil, err
	}
	var list kube.ResourceList
	for _, o := range objects {
		gvk := o.GroupVersionKind()
		if o.GetAPIVersion() == s.unserved {
			return nil, &meta.NoKindMatchError{GroupKind: gvk.GroupKind(), SearchedVersions: []string{gvk.Version}}
		}
		plural, _ := meta.UnsafeGuessKindToResource(gvk)
		namespace := cmp.Or(o.GetNamespace(), "review")
		if gvk.Kind == "ClusterRole" {
			namespace = ""
		}
		list = append(list, &resource.Info{Namespace: namespace, Name: o.GetName(), Object: o,
			Mapping: &meta.RESTMapping{GroupVersionKind: gvk, Resource: plural, Scope: meta.RESTScopeNamespace},
			Client: &fake.RESTClient{NegotiatedSerializer: resource.UnstructuredPlusDefaultContentConfig().NegotiatedSerializer,
				Client: fake.CreateHTTPClient(s.serve)}})
	}
	s.called("build %s", namesOf(list))
	return list, nil
}

// serve answers GET, POST, PATCH and DELETE of an object.
func (s *sdk) serve(req *http.Request) (*http.Response, error) {
	sent, err := readBody(req)
	if err != nil {
		return nil, err
	}
	name := path.Base(req.URL.Path)
	if req.Method == http.MethodPost {
		return s.servePost(sent)
	}
	s.called("%s %s", req.Method, name)
	if req.Method == http.MethodPatch {
		s.mu.Lock()
		s.patches[name] = string(sent)
		s.mu.Unlock()
	}
	code, body := http.StatusNotFound, []byte(`{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}`)
	if o := s.live[name]; o != nil {
		found, err := json.Marshal(o)
		if err != nil {
			return nil, err
		}
		code, body = http.StatusOK, found
	}
	if req.Method == http.MethodPatch && name == s.unpatched {
		code, body = http.StatusConflict, []byte(`{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Conflict","code":409}`)
	}
	return jsonResponse(code, body), nil
}

// servePost answers with the object that was sent, as created.
func (s *sdk) servePost(sent []byte) (*http.Response, error) {
	o := &unstructured.Unstructured{}
	if err := o.UnmarshalJSON(sent); err != nil {
		return nil, err
	}
	s.called("POST %s", o.GetName())
	if s.refuses {
		return jsonResponse(http.StatusBadRequest,
			[]byte(`{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"BadRequest","code":400}`)), nil
	}
	o.SetUID("new")
	body, err := json.Marshal(o)
	return jsonResponse(http.StatusCreated, body), err
}

func readBody(req *http.Request) ([]byte, error) {
	if req.Body == nil {
		return nil, nil
	}
	return io.ReadAll(req.Body)
}

func jsonResponse(code int, body []byte) *http.Response {
	return &http.Response{StatusCode: code, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(bytes.NewReader(body))}
}

// Create implements kube.Interface.
func (s *sdk) Create(list kube.ResourceList) (*kube.Result, error) {
	s.called("create %s", namesOf(list))
	return &kube.Result{Created: list}, nil
}

// The base client answers these itself.
var errReplaced = errors.New("the SDK's own method was called")

func (s *sdk) IsReachable() error                                     { return errReplaced }
func (s *sdk) Wait(kube.ResourceList, time.Duration) error            { return errReplaced }
func (s *sdk) WaitWithJobs(kube.ResourceList, time.Duration) error    { return errReplaced }
func (s *sdk) WatchUntilReady(kube.ResourceList, time.Duration) error { return errReplaced }
func (s *sdk) Update(_, _ kube.ResourceList, _ bool) (*kube.Result, error) {
	return nil, errReplaced
}
func (s *sdk) Delete(kube.ResourceList) (*kube.Result, []error) { return nil, []error{errReplaced} }
func (s *sdk) WaitAndGetCompletedPodPhase(string, time.Duration) (corev1.PodPhase, error) {
	return "", errReplaced
}

// WaitForReady implements Waiter.
func (s *sdk) WaitForReady(_ context.Context, objects manifest.Objects, _ bool) ([]result.Event, error) {
	s.called("wait ready %d", len(objects))
	return nil, nil
}

// WaitForDelete implements Waiter.
func (s *sdk) WaitForDelete(_ context.Context, deleted manifest.Objects) ([]result.Event, error) {
	gone := make([]facts.Ref, len(deleted))
	for i, o := range deleted {
		gone[i] = manifest.RefOf(o)
	}
	s.called("wait gone %s", strings.Join(names(gone), " "))
	return nil, nil
}

// WaitForCompletion implements Waiter.
func (s *sdk) WaitForCompletion(_ context.Context, objects manifest.Objects) ([]facts.Ref, error) {
	s.called("wait hook %d", len(objects))
	return nil, s.hookFails
}

// Conceal implements Waiter.
func (*sdk) Conceal(context.Context, manifest.Objects) string { return "" }

// recordedDriver records the writes of the record store. Unlike Helm's memory, it
// hands out copies, as a cluster does.
type recordedDriver struct {
	*driver.Memory
	s *sdk
}

func (d recordedDriver) Create(key string, rls *release.Release) error {
	d.s.called("store new revision %d %s", rls.Version, rls.Info.Status)
	return d.Memory.Create(key, copied(rls))
}

func (d recordedDriver) Update(key string, rls *release.Release) error {
	d.s.called("store revision %d %s", rls.Version, rls.Info.Status)
	return d.Memory.Update(key, copied(rls))
}

func (d recordedDriver) Get(key string) (*release.Release, error) {
	rls, err := d.Memory.Get(key)
	if err != nil {
		return nil, err
	}
	return copied(rls), nil
}

func (d recordedDriver) Query(labels map[string]string) ([]*release.Release, error) {
	found, err := d.Memory.Query(labels)
	for i, rls := range found {
		found[i] = copied(rls)
	}
	return found, err
}

func copied(rls *release.Release) *release.Release {
	c, info := *rls, *rls.Info
	c.Info = &info
	return &c
}

// openFence is a fence that never closes.
type openFence struct{ ctx context.Context }

func (f openFence) Context() context.Context    { return f.ctx }
func (f openFence) Close(error)                 {}
func (f openFence) Drain(context.Context) error { return nil }

// chartOf returns a chart with these templates.
func chartOf(templates map[string]string) *helmchart.Chart {
	c := &helmchart.Chart{Metadata: &helmchart.Metadata{APIVersion: "v2", Name: "web", Version: "1.0.0"}}
	for name, text := range templates {
		c.Templates = append(c.Templates, &helmchart.File{Name: "templates/" + name, Data: []byte(text)})
	}
	return c
}

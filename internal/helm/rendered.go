package helm

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"

	"helm.sh/helm/v3/pkg/chartutil"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/helm/chart"
	"github.com/berth-dev/berth/internal/helm/record"
	"github.com/berth-dev/berth/internal/requestinfo"
)

// Rendered is a chart as it was rendered, of which the permissions are worked out that it takes.
type Rendered struct {
	Manifest    string
	Hooks       []facts.Hook
	Definitions string // of its crds folders
	// Lookups are what its templates have asked a cluster for; without one, Missed are the calls.
	Lookups []requestinfo.Info
	Missed  []chart.Lookup
}

// documents joins YAML documents.
func documents(all []string) string { return strings.Join(all, "\n---\n") }

// Rendered returns the chart as rendered last.
func (s *ChartSource) Rendered() Rendered {
	return Rendered{Manifest: documents(s.rendered), Hooks: s.hooks, Definitions: documents(s.defined), Lookups: s.asked.list()}
}

// newestKubernetes is what a chart is rendered for without a cluster.
const newestKubernetes = "v1.36.0"

// RenderAlone fetches a chart and renders it as for an install, without a cluster: what it makes of
// the API server's version or kinds is that of a new one without any operator, and its lookups find
// nothing.
func RenderAlone(ctx context.Context, opts Options) (Rendered, error) {
	s := &ChartSource{opts: opts}
	if err := s.read(ctx); err != nil {
		return Rendered{}, err
	}
	known := *chartutil.DefaultCapabilities
	known.KubeVersion = chartutil.KubeVersion{Version: newestKubernetes, Major: "1", Minor: "36"}
	known.HelmVersion.Version = sdkVersion
	var r Rendered
	var objects, definitions []string
	hooks, err := chart.Render(ctx, s.archive, s.values, chart.RenderOptions{
		Seen:     func(document string) { objects = append(objects, document) },
		Defines:  func(document string) { definitions = append(definitions, document) },
		LookedUp: func(l chart.Lookup) { r.Missed = append(r.Missed, l) },
		Release:  opts.Release, Namespace: opts.Namespace, Revision: 1, Warn: s.warn,
		Documents: s.documents, SetKeys: opts.Values.SetKeys(), Torn: opts.Values.Torn(), SkipSchema: opts.SkipSchema,
		Capabilities: &known,
	})
	r.Manifest, r.Hooks, r.Definitions = documents(objects), record.Hooks(hooks), documents(definitions)
	return r, err
}

// askedFor notes what templates look up. One that may not be read is answered as one that is not there:
// the permission is asked for with all others, before anything is made of what was rendered.
type askedFor struct {
	mu  sync.Mutex
	all []requestinfo.Info
}

func (a *askedFor) list() []requestinfo.Info {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]requestinfo.Info(nil), a.all...)
}

// forget drops what was asked for by an earlier rendering.
func (a *askedFor) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all = nil
}

// noting returns a transport that notes each request for objects.
func (a *askedFor) noting(next http.RoundTripper) http.RoundTripper {
	return roundTrip(func(req *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(req)
		if info := requestinfo.Of(req.Method, req.URL.Path, req.URL.Query()); info.IsResource {
			a.mu.Lock()
			a.all = append(a.all, info)
			a.mu.Unlock()
			if err == nil && resp.StatusCode == http.StatusForbidden {
				return notThere(req, resp)
			}
		}
		return resp, err
	})
}

// roundTrip is a transport that is one function.
type roundTrip func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// notThere is the answer of an API server that does not have what is asked for, in place of resp.
func notThere(req *http.Request, resp *http.Response) (*http.Response, error) {
	_ = resp.Body.Close()
	body, err := json.Marshal(metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusFailure,
		Reason: metav1.StatusReasonNotFound, Code: http.StatusNotFound, Message: "it may not be read"})
	if err != nil {
		return nil, err
	}
	return &http.Response{Status: "404 Not Found", StatusCode: http.StatusNotFound, Proto: resp.Proto, ProtoMajor: resp.ProtoMajor,
		ProtoMinor: resp.ProtoMinor, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(body)),
		ContentLength: int64(len(body)), Request: req}, nil
}

package helm

import (
	"bytes"
	"io"
	"net/http"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/rest"

	"github.com/berth-dev/berth/internal/manifest"
)

// lookups is a getter for rendering templates, whose function lookup reads any object that
// the run may read. What such an object holds that is secret is told to the mask before
// the template has it: it may put it into its notes, or into the text that it fails with.
type lookups struct {
	genericclioptions.RESTClientGetter
	sensitive *manifest.Sensitive
}

// ToRESTConfig implements genericclioptions.RESTClientGetter.
func (l lookups) ToRESTConfig() (*rest.Config, error) {
	config, err := l.RESTClientGetter.ToRESTConfig()
	if err != nil || config == nil {
		return config, err
	}
	config = rest.CopyConfig(config)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return lookupTransport{next, l.sensitive} })
	return config, nil
}

// lookupTransport tells of the objects in what is answered.
type lookupTransport struct {
	next      http.RoundTripper
	sensitive *manifest.Sensitive
}

// RoundTrip implements http.RoundTripper. An answer that cannot be read to its end is given
// to nobody.
func (t lookupTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(req)
	if err != nil || resp.StatusCode != http.StatusOK {
		return resp, err
	}
	data, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(data))
	// Lookup decodes it in the same way. What this cannot decode, no template is given.
	object, _, err := unstructured.UnstructuredJSONScheme.Decode(data, nil, nil)
	if err != nil {
		return resp, nil //nolint:nilerr // lookup says so
	}
	switch o := object.(type) {
	case *unstructured.UnstructuredList:
		for i := range o.Items {
			t.sensitive.Object(&o.Items[i])
		}
	case *unstructured.Unstructured:
		t.sensitive.Object(o)
	}
	return resp, nil
}

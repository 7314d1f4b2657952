package kube

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/rest"
)

// discoveryCache holds in memory what the API server offers. Two requests fill it,
// /api and /apis, since it asks for aggregated discovery.
type discoveryCache struct {
	discovery.CachedDiscoveryInterface
	version func(context.Context) (*version.Info, error)
}

func newDiscoveryCache(
	config *rest.Config, client *http.Client, version func(context.Context) (*version.Info, error),
) (*discoveryCache, error) {
	d, err := discovery.NewDiscoveryClientForConfigAndClient(config, client)
	if err != nil {
		return nil, err
	}
	return &discoveryCache{memory.NewMemCacheClient(d), version}, nil
}

// ServerVersion asks at most once a run, not with every capability check of Helm.
func (d *discoveryCache) ServerVersion() (*version.Info, error) {
	return d.version(context.Background())
}

// cachedDiscovery answers requests for the server's version and for one group
// version from the discovery cache. Helm's template function lookup and its check
// of reachability send them each time, past the discovery client they are given.
type cachedDiscovery struct {
	discovery *discoveryCache
	prefix    string
	next      http.RoundTripper
}

// RoundTrip implements http.RoundTripper. What is not in the cache is sent to the
// server.
func (t *cachedDiscovery) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method != http.MethodGet {
		return t.next.RoundTrip(req)
	}
	path := strings.Trim(strings.TrimPrefix(req.URL.Path, t.prefix), "/")
	if path == "version" {
		if v, err := t.discovery.version(req.Context()); err == nil {
			return answerWith(req, v)
		}
	}
	if gv, ok := groupVersionIn(path); ok {
		if list, err := t.discovery.ServerResourcesForGroupVersion(gv); err == nil {
			answer := *list
			answer.TypeMeta = metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"}
			return answerWith(req, answer)
		}
	}
	return t.next.RoundTrip(req)
}

// WrappedRoundTripper lets utilnet find the idle connections underneath.
func (t *cachedDiscovery) WrappedRoundTripper() http.RoundTripper { return t.next }

// groupVersionIn returns "apps/v1" for the path apis/apps/v1 and "v1" for api/v1.
// It is false for any other path.
func groupVersionIn(path string) (string, bool) {
	parts := strings.Split(path, "/")
	switch {
	case len(parts) == 2 && parts[0] == "api":
		return parts[1], true
	case len(parts) == 3 && parts[0] == "apis":
		return parts[1] + "/" + parts[2], true
	}
	return "", false
}

// answerWith returns a response whose body is answer as JSON.
func answerWith(req *http.Request, answer any) (*http.Response, error) {
	body, err := json.Marshal(answer)
	if err != nil {
		return nil, fmt.Errorf("answer %s from memory: %w", req.URL.Path, err)
	}
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        http.Header{"Content-Type": {"application/json"}},
		Body:          io.NopCloser(bytes.NewReader(body)),
		ContentLength: int64(len(body)),
		Request:       req,
	}, nil
}

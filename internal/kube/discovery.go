package kube

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/rest"
)

// discoveryCache holds what the API server offers, in memory. It is filled by
// two requests, /api and /apis, since it asks for aggregated discovery.
type discoveryCache struct {
	discovery.CachedDiscoveryInterface
	version func(context.Context) (*version.Info, error)
}

func newDiscoveryCache(config *rest.Config, client *http.Client, version func(context.Context) (*version.Info, error)) (*discoveryCache, error) {
	d, err := discovery.NewDiscoveryClientForConfigAndClient(config, client)
	if err != nil {
		return nil, err
	}
	return &discoveryCache{memory.NewMemCacheClient(d), version}, nil
}

// ServerVersion is asked for once a run, not with every capability check.
func (d *discoveryCache) ServerVersion() (*version.Info, error) {
	return d.version(context.Background())
}

// Discovery says what the API server offers. It is shared by the whole run.
func (c *Conn) Discovery() discovery.CachedDiscoveryInterface { return c.discovery }

// Mapper maps kinds to resources. It is shared by the whole run; the first call
// asks the API server, within ctx.
func (c *Conn) Mapper(ctx context.Context) (meta.RESTMapper, error) {
	cached := discovery.ToCachedDiscoveryInterfaceWithContext(c.discovery.CachedDiscoveryInterface)
	if _, err := cached.ServerGroupsWithContext(ctx); err != nil {
		return nil, fmt.Errorf("ask %s what it offers: %w", c.Host(), err)
	}
	return c.mapper, nil
}

// ResetDiscovery forgets what the API server offers: somebody may have added CRDs.
func (c *Conn) ResetDiscovery() { c.mapper.Reset() }

// Version is the API server's. It is asked for at most once.
func (c *Conn) Version(ctx context.Context) (*version.Info, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.version != nil {
		return c.version, nil
	}
	asker := discovery.ToDiscoveryInterfaceWithContext(c.clientset.Discovery())
	v, err := asker.ServerVersionWithContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask %s for its version: %w", c.Host(), err)
	}
	c.version = v
	return v, nil
}

// discoveryAnswers answers questions about the server's version and about one
// group version from memory. Helm's template function lookup and its test of
// reachability ask afresh each time, past any discovery client they are given.
type discoveryAnswers struct {
	discovery *discoveryCache
	prefix    string
	next      http.RoundTripper
}

// RoundTrip implements http.RoundTripper. What memory cannot answer, the server
// does.
func (t *discoveryAnswers) RoundTrip(req *http.Request) (*http.Response, error) {
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

// WrappedRoundTripper lets the idle connections underneath be found.
func (t *discoveryAnswers) WrappedRoundTripper() http.RoundTripper { return t.next }

// groupVersionIn is "apps/v1" for apis/apps/v1 and "v1" for api/v1.
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

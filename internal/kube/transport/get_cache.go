package transport

import (
	"bytes"
	"io"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/berth-dev/berth/internal/requestinfo"
)

// GetCache serves repeated GETs of an object from memory while it is enabled. A
// write to the object or to its collection invalidates it. Anything else than the
// GET of one object, and any request with a query, is never cached. It is safe for
// concurrent use.
//
// Helm reads each object up to three times before it patches it, and one at a
// time before it installs it. Outside of that it is not enabled, so that whoever
// decides by what it reads reads afresh.
type GetCache struct {
	next   http.RoundTripper
	prefix string // path of the server's own URL

	mu      sync.Mutex
	enabled int                     // how often, less how often it was disabled
	answers map[string]cachedAnswer // by path and, after a NUL, Accept
}

// NewGetCache returns a cache before next. It is not enabled. prefix is the path of
// the server's own URL, without a slash at its end.
func NewGetCache(next http.RoundTripper, prefix string) *GetCache {
	return &GetCache{next: next, prefix: prefix}
}

// Enable lets GETs be cached until disable is called, which may be done more
// than once. Where several have enabled it, the last one to disable it empties
// it.
func (c *GetCache) Enable() (disable func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.enabled++
	return sync.OnceFunc(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.enabled--; c.enabled == 0 {
			c.answers = nil
		}
	})
}

// RoundTrip implements http.RoundTripper.
func (c *GetCache) RoundTrip(req *http.Request) (*http.Response, error) {
	info := requestinfo.Of(req.Method, strings.TrimPrefix(req.URL.Path, c.prefix), req.URL.Query())
	if req.Method != http.MethodGet {
		written := req.URL.Path
		if info.Subresource != "" {
			written = path.Dir(written)
		}
		defer c.invalidate(written) // also what was read while the write was under way
		c.invalidate(written)
		return c.next.RoundTrip(req)
	}
	isObject := info.Verb == "get" && info.Name != "" && info.Subresource == ""
	if !isObject || req.URL.RawQuery != "" {
		return c.next.RoundTrip(req)
	}
	key := req.URL.Path + "\x00" + req.Header.Get("Accept")
	if answer, ok := c.cached(key); ok {
		return answer.responseTo(req), nil
	}
	resp, err := c.next.RoundTrip(req)
	if err != nil || resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusNotFound || !c.isEnabled() {
		return resp, err
	}
	return c.store(key, resp, req)
}

// WrappedRoundTripper lets utilnet find the idle connections underneath.
func (c *GetCache) WrappedRoundTripper() http.RoundTripper { return c.next }

// invalidate drops what a write to this path may change: the object, or those of
// the collection.
func (c *GetCache) invalidate(written string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key := range c.answers {
		if at, _, _ := strings.Cut(key, "\x00"); at == written || path.Dir(at) == written {
			delete(c.answers, key)
		}
	}
}

func (c *GetCache) cached(key string) (cachedAnswer, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	answer, ok := c.answers[key]
	return answer, ok
}

func (c *GetCache) isEnabled() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.enabled > 0
}

// store reads an answer to its end and caches it, unless the cache was disabled
// meanwhile.
func (c *GetCache) store(key string, resp *http.Response, req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		return nil, err
	}
	answer := cachedAnswer{*resp, body}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.enabled > 0 {
		if c.answers == nil {
			c.answers = map[string]cachedAnswer{}
		}
		c.answers[key] = answer
	}
	return answer.responseTo(req), nil
}

// cachedAnswer is an answer as it was read.
type cachedAnswer struct {
	response http.Response // its Body is empty
	body     []byte
}

func (a cachedAnswer) responseTo(req *http.Request) *http.Response {
	resp := a.response
	resp.Request, resp.Body = req, io.NopCloser(bytes.NewReader(a.body))
	return &resp
}

package transport

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/berth-dev/berth/internal/apifailure"
	"github.com/berth-dev/berth/internal/requestinfo"
)

// checkServer refuses an answer that no API server gives. What stands before one, or
// where its address leads by mistake, would else be taken at its word: a server that
// knows nothing and says 404 to everything, for a cluster in which nothing is left to
// take down.
func (t *Transport) checkServer(req *http.Request, resp *http.Response) error {
	with := ""
	switch {
	case isRedirect(resp.StatusCode): // which often says so in HTML, too
		with = t.redirect(req, resp)
	case isPage(resp):
		with = "a page of HTML"
	case isJSON(resp) && !requestinfo.IsWatch(req.URL.Query()): // which may have nothing to say yet
		with = notObject(resp)
	case resp.StatusCode == http.StatusNotFound && t.isCore(req.URL):
		isStatus, err := takeStatus(resp)
		if err != nil {
			return err
		}
		if !isStatus {
			with = "a 404 that is none of Kubernetes'"
		}
	}
	if with == "" {
		return nil
	}
	return &apifailure.OtherServerError{Method: req.Method, Host: req.URL.Host, Path: req.URL.Path, With: with,
		Status: resp.Status, Server: resp.Header.Get("Server")}
}

// isPage reports whether an answer is a page of HTML, which no API server answers with.
// client-go would fail to decode it, with an error that blames the object. A server that
// is not well may pass a page on, and is asked again.
func isPage(resp *http.Response) bool {
	kind, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
	unwell := resp.StatusCode >= http.StatusInternalServerError || resp.StatusCode == http.StatusTooManyRequests
	return !unwell && strings.EqualFold(strings.TrimSpace(kind), "text/html")
}

func isJSON(resp *http.Response) bool {
	return resp.StatusCode < http.StatusMultipleChoices && strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json")
}

// notObject says what an answer in JSON is that is no object, which each of Kubernetes' is,
// and leaves it to be read again. An empty one, or one that breaks off, is left to whoever
// reads it.
func notObject(resp *http.Response) string {
	body := bufio.NewReaderSize(resp.Body, peeked)
	resp.Body = struct {
		io.Reader
		io.Closer
	}{body, resp.Body}
	begin, err := body.Peek(1)
	for n := 1; err == nil && strings.ContainsRune(" \t\r\n", rune(begin[n-1])); n++ {
		begin, err = body.Peek(n + 1)
	}
	if err != nil || begin[len(begin)-1] == '{' {
		return ""
	}
	return "JSON that is no object"
}

// peeked is how many bytes of an answer are looked at for its begin.
const peeked = 512

func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// redirect says where a request is sent on to where that must not be: net/http would
// follow, and the transport underneath put the token on that request, too, whatever
// host it is for. A write is sent nowhere else, since it would become a read there.
func (t *Transport) redirect(req *http.Request, resp *http.Response) string {
	to, err := resp.Location()
	if err != nil {
		return "a redirect to nowhere"
	}
	if t.isServer(to) && !requestinfo.IsWrite(req.Method) {
		return ""
	}
	return fmt.Sprintf("a redirect to %.120q", to.Scheme+"://"+to.Host)
}

// isServer reports whether an address is one of the API server: of its scheme, host and
// port.
func (t *Transport) isServer(u *url.URL) bool {
	return u.Scheme == t.server.Scheme && strings.EqualFold(u.Hostname(), t.server.Hostname()) && port(u) == port(t.server)
}

func port(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}

// isCore reports whether a request is about the core API, which every API server has.
// Elsewhere one answers in plain words that there is no such API.
func (t *Transport) isCore(u *url.URL) bool {
	return strings.HasPrefix(strings.TrimPrefix(u.Path, t.prefix), "/api/v1/")
}

// maxStatus bounds how much is read of an answer to see whether it is a Status.
const maxStatus = 64 << 10

// takeStatus reports whether an answer is one of Kubernetes' own, in JSON or protobuf,
// and leaves it to be read again.
func takeStatus(resp *http.Response) (bool, error) {
	begin, err := io.ReadAll(io.LimitReader(resp.Body, maxStatus))
	if err != nil {
		return false, err
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(begin), resp.Body), resp.Body}
	if bytes.HasPrefix(begin, []byte("k8s\x00")) {
		return true, nil
	}
	var status struct {
		Kind string `json:"kind"`
	}
	return json.Unmarshal(begin, &status) == nil && status.Kind == "Status", nil
}

// Package registry serves one small image under many names, each of which has its
// own trouble: the first part of a repository's name says which.
package registry

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Address is where the registry of a node listens. The network is the node's own.
const Address = "127.0.0.1:5000"

// The names of the images. A part of a name that varies keeps those apart that
// count for themselves.
const (
	Good      = Address + "/ok/app:1"
	Pause     = Address + "/pause/app:1"     // what a pod's sandbox runs
	Berth     = Address + "/berth/app:1"     // runs Berth
	Missing   = Address + "/missing/app:1"   // 404, no such tag
	Unknown   = Address + "/unknown/app:1"   // 404, no such repository
	Denied    = Address + "/denied/app:1"    // 401, as Docker Hub says it
	Forbidden = Address + "/forbidden/app:1" // 403 from the token's server, as GHCR says it
	Limited   = Address + "/limited/app:1"   // 429
	Down      = Address + "/down/app:1"      // 503
)

// Flaky names an image that answers 503 to the first tries.
func Flaky(name string, tries int) string {
	return fmt.Sprintf("%s/flaky/%s/%d:1", Address, name, tries)
}

// Limiting names an image that answers 429 to the first tries.
func Limiting(name string, tries int) string {
	return fmt.Sprintf("%s/limiting/%s/%d:1", Address, name, tries)
}

// Late names an image that is missing at the first tries.
func Late(name string, tries int) string { return fmt.Sprintf("%s/late/%s/%d:1", Address, name, tries) }

// Slow names an image that takes that long to pull. No two share a layer, or the
// second would be there at once.
func Slow(duration time.Duration) string {
	return fmt.Sprintf("%s/slow/app/%d:1", Address, int(duration.Seconds()))
}

// refusal is an answer that is no image.
type refusal struct {
	status     int
	word, text string
}

var refusals = map[string]refusal{
	"missing":   {http.StatusNotFound, "MANIFEST_UNKNOWN", "manifest unknown"},
	"unknown":   {http.StatusNotFound, "NAME_UNKNOWN", "repository name not known to registry"},
	"denied":    {http.StatusUnauthorized, "UNAUTHORIZED", "authentication required"},
	"forbidden": {http.StatusUnauthorized, "UNAUTHORIZED", "authentication required"},
	"limited":   {http.StatusTooManyRequests, "TOOMANYREQUESTS", "You have reached your pull rate limit."},
	"down":      {http.StatusServiceUnavailable, "UNAVAILABLE", "service unavailable"},
}

// passing are the troubles that pass after as many tries as the repository's name
// ends in, by the one that they are until then.
var passing = map[string]string{"flaky": "down", "limiting": "limited", "late": "missing"}

// Registry is the server.
type Registry struct {
	program, busybox, berth string
	good, pause             *image

	mu    sync.Mutex
	tries map[string]int    // by repository
	slow  map[string]*image // by repository
	own   *image            // Berth's; made when it is asked for
}

// New returns a registry whose images hold the program and a static busybox. The one that runs Berth
// holds that in place of the program.
func New(program, busybox, berth string) (*Registry, error) {
	r := &Registry{program: program, busybox: busybox, berth: berth, tries: map[string]int{}, slow: map[string]*image{}}
	files, err := layer(program, busybox, "")
	if err != nil {
		return nil, err
	}
	if r.good, err = newImage(files, "/bin/app"); err != nil {
		return nil, err
	}
	r.pause, err = newImage(files, "/bin/app", "--pause")
	return r, err
}

// ServeHTTP answers what a client asks that pulls an image.
func (r *Registry) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	if request.URL.Path == "/token" {
		token(w, request)
		return
	}
	// NAME/manifests/TAG or NAME/blobs/DIGEST.
	parts := strings.Split(strings.TrimPrefix(request.URL.Path, "/v2/"), "/")
	if len(parts) < 4 {
		return // "/v2/": is this a registry?
	}
	name, kind, reference := parts[:len(parts)-2], parts[len(parts)-2], parts[len(parts)-1]
	repository := strings.Join(name, "/")
	trouble := name[0]
	if until, passes := passing[trouble]; passes && r.try(repository, kind == "manifests" && request.Method == http.MethodHead) {
		trouble = until
	}
	if no, refused := refusals[trouble]; refused {
		if no.status == http.StatusUnauthorized {
			w.Header().Set("WWW-Authenticate", fmt.Sprintf(
				`Bearer realm="http://%s/token",service="registry",scope="repository:%s:pull",error="insufficient_scope"`, request.Host, repository))
		}
		no.write(w)
		return
	}
	served, err := r.image(trouble, repository)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	var pace time.Duration
	if trouble == "slow" {
		seconds, _ := strconv.Atoi(name[len(name)-1])
		pace = time.Duration(seconds) * time.Second
	}
	served.write(w, request.Method, kind, reference, pace)
}

// token is the server that clients are sent to for a token. GHCR's refuses here
// what the client may not pull.
func token(w http.ResponseWriter, request *http.Request) {
	if strings.Contains(request.URL.RawQuery, "forbidden") {
		refusal{http.StatusForbidden, "DENIED", "denied"}.write(w)
		return
	}
	fmt.Fprint(w, `{"token": "anonymous"}`)
}

// try counts a try to pull and tells whether it is one of those that fail.
func (r *Registry) try(repository string, first bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if first {
		r.tries[repository]++
	}
	fail, _ := strconv.Atoi(repository[strings.LastIndex(repository, "/")+1:])
	return r.tries[repository] <= fail
}

// image is what lies in the repository.
func (r *Registry) image(trouble, repository string) (*image, error) {
	switch trouble {
	case "pause":
		return r.pause, nil
	case "slow", "berth":
	default:
		return r.good, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if trouble == "berth" {
		return r.ofBerth()
	}
	if r.slow[repository] == nil {
		files, err := layer(r.program, r.busybox, repository)
		if err != nil {
			return nil, err
		}
		if r.slow[repository], err = newImage(files, "/bin/app"); err != nil {
			return nil, err
		}
	}
	return r.slow[repository], nil
}

// ofBerth is the image that runs Berth.
func (r *Registry) ofBerth() (*image, error) {
	if r.own != nil {
		return r.own, nil
	}
	files, err := layer(r.berth, r.busybox, "berth")
	if err != nil {
		return nil, err
	}
	r.own, err = newImage(files, "/bin/app")
	return r.own, err
}

func (r refusal) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(r.status)
	fmt.Fprintf(w, `{"errors": [{"code": %q, "message": %q}]}`, r.word, r.text)
}

// write hands out the manifest or a blob. A layer takes the time of the pace.
func (i *image) write(w http.ResponseWriter, method, kind, reference string, pace time.Duration) {
	content, found := i.blobs[reference]
	if kind == "manifests" {
		content, found, pace = i.manifest, true, 0
		w.Header().Set("Content-Type", manifestType)
		w.Header().Set("Docker-Content-Digest", i.digest)
	}
	if !found {
		refusal{http.StatusNotFound, "BLOB_UNKNOWN", "blob unknown"}.write(w)
		return
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(content)))
	if method == http.MethodHead {
		return
	}
	steps := 1
	if pace > 0 && len(content) > 1<<16 { // the configuration is no layer
		steps = 100
	}
	for step := range steps {
		if _, err := w.Write(content[len(content)*step/steps : len(content)*(step+1)/steps]); err != nil {
			return // the client has gone
		}
		if flusher, ok := w.(http.Flusher); ok && steps > 1 {
			flusher.Flush()
			<-time.After(pace / time.Duration(steps))
		}
	}
}

package faultproxy

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/fields"

	"github.com/berth-dev/berth/internal/requestinfo"
)

// Request is a request as the API server's authorizer names it.
type Request struct {
	N           int // of this request over the proxy, from 1
	Time        time.Time
	Verb        string // get, list, watch, create, update, patch, delete, deletecollection
	Group       string
	Resource    string // plural; discovery, version, openapi, … for what is none
	Subresource string
	Namespace   string
	Name        string // of a creation, from the body; of a list, from the field selector
	Status      string // the label "status" in the body
	Agent       string // User-Agent
	DryRun      bool
	Length      int    // of the body
	Body        []byte // nil in the log
	Fault       string // what the proxy did to it
	Code        int    // of the API server's answer or of the fault's; 0 without one
	Err         string // why the API server gave no answer
}

// String is the request in a line.
func (r Request) String() string {
	object := strings.Trim(r.Namespace+"/"+r.Name, "/")
	line := fmt.Sprintf("%4d %s %s %s %s", r.N, r.Time.Format("15:04:05.000"), r.Verb, r.fullResource(), object)
	if r.Status != "" {
		line += " status=" + r.Status
	}
	if r.DryRun {
		line += " dry-run"
	}
	agent, _, _ := strings.Cut(r.Agent, " ")
	line += fmt.Sprintf(" %d B: %d (%s)", r.Length, r.Code, agent)
	if r.Fault != "" {
		line += " [" + r.Fault + "]"
	}
	if r.Err != "" {
		line += " " + r.Err
	}
	return line
}

// Writes says whether the request changes something. A dry run does not, nor
// does the creation of a review, which is a question.
func (r Request) Writes() bool {
	switch r.Verb {
	case "create", "update", "patch", "delete", "deletecollection":
		return !r.DryRun && !strings.HasSuffix(r.Resource, "reviews")
	}
	return false
}

func (r Request) fullResource() string {
	if r.Subresource == "" {
		return r.Resource
	}
	return r.Resource + "/" + r.Subresource
}

func (r Request) withoutBody() Request {
	r.Body = nil
	return r
}

// requestOf reads what a request is about, and from its body what the URL does
// not say.
func requestOf(r *http.Request, body []byte) Request {
	query := r.URL.Query()
	info := requestinfo.Of(r.Method, r.URL.Path, query)
	request := Request{
		Verb: info.Verb, Group: info.Group, Resource: info.Resource, Subresource: info.Subresource,
		Namespace: info.Namespace, Name: info.Name,
		Time: time.Now(), Agent: r.UserAgent(), DryRun: query.Has("dryRun"), Length: len(body), Body: body,
	}
	about := objectIn(body)
	request.Status = about.Labels["status"]
	if request.Name == "" {
		switch request.Verb {
		case "create":
			request.Name = about.Name
		case "list", "watch", "deletecollection":
			request.Name = selectedName(query)
		}
	}
	return request
}

func selectedName(query url.Values) string {
	selector, err := fields.ParseSelector(query.Get("fieldSelector"))
	if err != nil {
		return ""
	}
	name, _ := selector.RequiresExactMatch("metadata.name")
	return name
}

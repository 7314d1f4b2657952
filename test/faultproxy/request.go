package faultproxy

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/fields"
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

// requestOf reads what a request is about, as RequestInfo in k8s.io/apiserver
// does, and from its body what the URL does not say.
func requestOf(r *http.Request, body []byte) Request {
	query := r.URL.Query()
	request := Request{
		Time: time.Now(), Agent: r.UserAgent(), DryRun: query.Has("dryRun"), Length: len(body), Body: body,
	}
	isObject := request.locate(strings.FieldsFunc(r.URL.Path, func(c rune) bool { return c == '/' }))
	request.Verb = verbOf(r.Method, isObject && request.Name == "", query)
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

// locate reads the path: /api/v1 or /apis/GROUP/VERSION, then
// [namespaces/NS/]RESOURCE[/NAME[/SUBRESOURCE]]. It says whether it is one.
func (r *Request) locate(parts []string) bool {
	var rest []string
	switch {
	case len(parts) > 2 && parts[0] == "api":
		rest = parts[2:]
	case len(parts) > 3 && parts[0] == "apis":
		r.Group, rest = parts[1], parts[3:]
	case len(parts) > 0 && (parts[0] == "api" || parts[0] == "apis"):
		r.Resource = "discovery"
		return false
	default:
		r.Resource = strings.Join(parts[:min(1, len(parts))], "")
		return false
	}
	if rest[0] == "namespaces" && len(rest) > 1 {
		r.Namespace = rest[1]
		// A namespace's own subresources look like resources inside it.
		if len(rest) > 2 && !slices.Contains([]string{"status", "finalize"}, rest[2]) {
			rest = rest[2:]
		}
	}
	rest = append(slices.Clone(rest), "", "")
	r.Resource, r.Name, r.Subresource = rest[0], rest[1], rest[2]
	return true
}

func verbOf(method string, collection bool, query url.Values) string {
	switch method {
	case http.MethodGet, http.MethodHead:
		switch watch := strings.ToLower(query.Get("watch")); {
		case query.Has("watch") && watch != "false" && watch != "0":
			return "watch"
		case collection:
			return "list"
		}
		return "get"
	case http.MethodPost:
		return "create"
	case http.MethodPut:
		return "update"
	case http.MethodPatch:
		return "patch"
	case http.MethodDelete:
		if collection {
			return "deletecollection"
		}
		return "delete"
	}
	return strings.ToLower(method)
}

func selectedName(query url.Values) string {
	selector, err := fields.ParseSelector(query.Get("fieldSelector"))
	if err != nil {
		return ""
	}
	name, _ := selector.RequiresExactMatch("metadata.name")
	return name
}

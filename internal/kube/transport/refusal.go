package transport

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/berth-dev/berth/internal/apifailure"
	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/requestinfo"
	"github.com/berth-dev/berth/internal/text"
)

const (
	// maxRefusal is how many bytes of a refusal are read. One that quotes an object may
	// be as large as that.
	maxRefusal = 4 << 20
	// maxPlain is how many bytes are shown of one that is no Status.
	maxPlain = 1 << 10
)

// vetRefusal makes of an error answer what may be believed and shown. Every answer
// passes here, whoever asked, so that nobody after it has to think of that:
//
//   - A denial names the very permission that this request needs. A message that names
//     another one is not the authorizer's, and must not become RBAC that people apply.
//   - An error about a Secret quotes nothing of it, nor one about a ConfigMap that holds a
//     release's record, in which the chart's Secrets are.
//   - One that goes on for longer than any of the API server's is cut: each report looks
//     through it for secrets.
func vetRefusal(req *http.Request, info requestinfo.Info, resp *http.Response) error {
	what := secretOf(req, info, resp)
	if what != "" {
		vetWarnings(what, resp.Header)
	}
	if resp.StatusCode < http.StatusBadRequest {
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxRefusal+1))
	_ = resp.Body.Close()
	if err != nil {
		return err
	}
	if what == "" && resp.StatusCode != http.StatusForbidden && len(body) <= maxRefusal {
		resp.Body = io.NopCloser(bytes.NewReader(body))
		return nil
	}
	body = body[:min(len(body), maxRefusal)]
	status := statusOf(body, req.Method, resp, info)
	if named, denied := apifailure.DeniedPermission(status.Message); denied && !isAsked(named, info) {
		status.Message = "it was refused, though not for want of the permission that it needs: " + status.Message
	}
	if what != "" {
		status = apifailure.AboutSecret(status, what)
	}
	if body, err = json.Marshal(status); err != nil {
		return fmt.Errorf("read the answer to %s %s: %w", info.Verb, info.QualifiedResource(), err)
	}
	resp.Header.Set("Content-Type", "application/json")
	resp.Header.Set("Content-Length", strconv.Itoa(len(body)))
	resp.ContentLength, resp.Body = int64(len(body)), io.NopCloser(bytes.NewReader(body))
	return nil
}

// secretOf returns what a request is about, for people, where the answer may quote a secret: a
// Secret, or a ConfigMap that is a release's record; "" elsewhere. An answer that is as it should
// be and warns of nothing says nothing that is looked at.
func secretOf(req *http.Request, info requestinfo.Info, resp *http.Response) string {
	kind, ofKind := map[string]string{"secrets": "Secret", "configmaps": "ConfigMap"}[info.Resource]
	plain := resp.StatusCode < http.StatusBadRequest && len(resp.Header.Values("Warning")) == 0
	if !info.IsResource || info.Group != "" || !ofKind || plain {
		return ""
	}
	name := info.Name
	if name == "" && info.Verb == "create" {
		name = nameIn(req)
	}
	switch {
	case name == "" && (kind == "Secret" || info.Verb == "create"): // of what is made it is not known, and may be a record
		return "the " + kind
	case kind == "ConfigMap" && !strings.HasPrefix(name, ownership.RecordPrefix):
		return ""
	}
	return fmt.Sprintf("%s %q", kind, name)
}

// isAsked returns whether a permission is the one that a request needs.
func isAsked(p problem.Permission, info requestinfo.Info) bool {
	asked := info.Resource
	if info.Subresource != "" {
		asked += "/" + info.Subresource
	}
	return info.IsResource && p.Verb == info.Verb && p.Group == info.Group && p.Resource == asked && p.Namespace == info.Namespace
}

// statusOf returns the Status that an answer holds, or one that says what it is.
func statusOf(body []byte, method string, resp *http.Response, info requestinfo.Info) metav1.Status {
	decoded, _, err := scheme.Codecs.UniversalDeserializer().Decode(body, nil, nil)
	if status, ok := decoded.(*metav1.Status); ok && err == nil && status.Status != metav1.StatusSuccess {
		status.Kind, status.APIVersion = "Status", "v1"
		return *status
	}
	plain := fmt.Sprintf("the server answered %s: %s", resp.Status, text.Cut(text.OneLine(string(body)), maxPlain))
	retryAfter, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
	resource := schema.GroupResource{Group: info.Group, Resource: info.Resource}
	status := apierrors.NewGenericServerResponse(resp.StatusCode, method, resource, info.Name, plain, retryAfter, true).ErrStatus
	status.Kind, status.APIVersion = "Status", "v1"
	return status
}

// nameIn returns the name of the object that a request creates.
func nameIn(req *http.Request) string {
	if req.GetBody == nil {
		return ""
	}
	body, err := req.GetBody()
	if err != nil {
		return ""
	}
	defer body.Close()
	data, err := io.ReadAll(io.LimitReader(body, maxRefusal))
	if err != nil {
		return ""
	}
	var object struct {
		Metadata struct{ Name string } `json:"metadata"`
	}
	if json.Unmarshal(data, &object) == nil {
		return object.Metadata.Name
	}
	decoded, _, err := scheme.Codecs.UniversalDeserializer().Decode(data, nil, nil) // the typed clients write Protobuf
	if made, ok := decoded.(metav1.Object); ok && err == nil {
		return made.GetName()
	}
	return ""
}

// fieldWarning matches the warnings that name a field and nothing of its value.
var fieldWarning = regexp.MustCompile(`^(?:unknown|duplicate) field "[\w.\[\]/-]+"$`)

// vetWarnings replaces the warnings about what holds secrets that may quote one.
func vetWarnings(what string, header http.Header) {
	given := header.Values("Warning")
	header.Del("Warning")
	warnings, _ := utilnet.ParseWarningHeaders(given)
	for _, w := range warnings {
		if !fieldWarning.MatchString(w.Text) {
			w.Text = "about " + what + "; what it says is not shown, since it may quote a secret"
		}
		if value, err := utilnet.NewWarningHeader(w.Code, w.Agent, w.Text); err == nil {
			header.Add("Warning", value)
		}
	}
}

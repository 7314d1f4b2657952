package transport

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/berth-dev/berth/internal/apifailure"
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
//   - An error about a Secret quotes nothing of it.
//   - One that goes on for longer than any of the API server's is cut: each report looks
//     through it for secrets.
func vetRefusal(req *http.Request, info requestinfo.Info, resp *http.Response) error {
	secret := isSecrets(info)
	if secret {
		vetWarnings(info, resp.Header)
	}
	if resp.StatusCode < http.StatusBadRequest {
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxRefusal+1))
	_ = resp.Body.Close()
	if err != nil {
		return err
	}
	if !secret && resp.StatusCode != http.StatusForbidden && len(body) <= maxRefusal {
		resp.Body = io.NopCloser(bytes.NewReader(body))
		return nil
	}
	body = body[:min(len(body), maxRefusal)]
	status := statusOf(body, req.Method, resp, info)
	if named, denied := apifailure.DeniedPermission(status.Message); denied && !isAsked(named, info) {
		status.Message = "it was refused, though not for want of the permission that it needs: " + status.Message
	}
	if secret {
		name := info.Name
		if name == "" && info.Verb == "create" {
			name = nameIn(req)
		}
		status = apifailure.AboutSecret(status, name)
	}
	if body, err = json.Marshal(status); err != nil {
		return fmt.Errorf("read the answer to %s %s: %w", info.Verb, info.QualifiedResource(), err)
	}
	resp.Header.Set("Content-Type", "application/json")
	resp.Header.Set("Content-Length", strconv.Itoa(len(body)))
	resp.ContentLength, resp.Body = int64(len(body)), io.NopCloser(bytes.NewReader(body))
	return nil
}

func isSecrets(info requestinfo.Info) bool {
	return info.IsResource && info.Group == "" && info.Resource == "secrets"
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
	var object struct {
		Metadata struct{ Name string } `json:"metadata"`
	}
	if json.NewDecoder(io.LimitReader(body, maxRefusal)).Decode(&object) != nil {
		return ""
	}
	return object.Metadata.Name
}

// fieldWarning matches the warnings that name a field and nothing of its value.
var fieldWarning = regexp.MustCompile(`^(?:unknown|duplicate) field "[\w.\[\]/-]+"$`)

// vetWarnings replaces the warnings about a Secret that may quote it.
func vetWarnings(info requestinfo.Info, header http.Header) {
	given := header.Values("Warning")
	if len(given) == 0 {
		return
	}
	header.Del("Warning")
	warnings, _ := utilnet.ParseWarningHeaders(given)
	for _, w := range warnings {
		if !fieldWarning.MatchString(w.Text) {
			w.Text = fmt.Sprintf("about Secret %q; what it says is not shown, since it may quote the Secret", info.Name)
		}
		if value, err := utilnet.NewWarningHeader(w.Code, w.Agent, w.Text); err == nil {
			header.Add("Warning", value)
		}
	}
}

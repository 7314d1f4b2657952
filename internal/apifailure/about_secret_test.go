package apifailure

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

func TestAboutSecret(t *testing.T) {
	secrets := schema.GroupResource{Resource: "secrets"}
	invalid := func(kind string, errs ...*field.Error) metav1.Status {
		return apierrors.NewInvalid(schema.GroupKind{Kind: kind}, "creds", errs).ErrStatus
	}
	said := func(code int32, message string) metav1.Status { return metav1.Status{Code: code, Message: message} }
	const patch = "map[data:map[extra:not base64!! password:czNjcmV0] stringData:map[n:12345 x:\": in front\"]]"
	for name, c := range map[string]struct {
		status metav1.Status
		want   string // in the message
	}{
		"a refused patch": {invalid("", field.Invalid(field.NewPath("patch"), patch, "illegal base64 data at input byte 3")),
			`Secret "creds" is invalid: patch: Invalid value: illegal base64 data at input byte 3`},
		"a number": {invalid("", field.Invalid(field.NewPath("patch"), patch,
			"json: cannot unmarshal number 12345 into Go struct field Secret.stringData of type string")),
			`Secret "creds" is invalid: patch: Invalid value: stringData: got number, want string`},
		"a create that cannot be decoded": {said(http.StatusBadRequest,
			`Secret in version "v1" cannot be handled as a Secret: json: cannot unmarshal number into Go struct field Secret.stringData of type string`),
			`Secret "creds" cannot be read: stringData: got number, want string`},
		"its base64": {said(http.StatusBadRequest, `Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 3`),
			"cannot be read: illegal base64 data at input byte 3"},
		"an old server's": {said(http.StatusBadRequest,
			`Secret in version "v1" cannot be handled as a Secret: v1.Secret.StringData: ReadString: `+
				`expects " or n, but found 1, error found in #10 byte of ...|ord":12345|..., bigger context ...|{"stringData":{"password":"s3cret"`),
			"cannot be read: " + whatIsHidden},
		"a key": {invalid("Secret", field.Invalid(field.NewPath("data").Key("a b"), "a b",
			"a valid config key must consist of alphanumeric characters, "+
				`'-', '_' or '.' (e.g. 'key.name', regex used for validation is '[-._a-zA-Z0-9]+')`)),
			"data[a b]: Invalid value: a valid config key must consist of alphanumeric characters"},
		"the type": {invalid("Secret", field.Invalid(field.NewPath("type"), "s3cret", "field is immutable")),
			"type: Invalid value: field is immutable"},
		"a value that is not text": {invalid("Secret", field.Invalid(field.NewPath("data"), map[string]string{"a": "s3cret"},
			"no rule of ours: s3cret")),
			"data: Invalid value: " + whatIsHidden},
		"a registry's": {invalid("Secret", field.Required(field.NewPath("data").Key(".dockerconfigjson"), "")),
			"data[.dockerconfigjson]: Required value"},
		"immutable": {invalid("Secret", field.Forbidden(field.NewPath("data"), "field is immutable when `immutable` is set")),
			"data: Forbidden: field is immutable when `immutable` is set"},
		"two causes": {invalid("Secret", field.Required(field.NewPath("a"), ""), field.TooLong(field.NewPath("data"), "", 1048576)),
			"a: Required value; data: Too long: may not be more than 1048576 bytes"},
		"a webhook": {said(http.StatusForbidden, `admission webhook "weak.example.com" denied the request: the password s3cret is weak`),
			`admission webhook "weak.example.com" denied the request: ` + whatIsHidden},
		"a policy": {apierrors.NewForbidden(secrets, "creds",
			fmt.Errorf("ValidatingAdmissionPolicy 'p' with binding 'b' denied request: s3cret is weak")).ErrStatus,
			`secrets "creds" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: ` + whatIsHidden},
		"a webhook that fails": {said(http.StatusInternalServerError,
			`Internal error occurred: failed calling webhook "a.b": failed to call webhook: `+
				`Post "https://x.y.svc:443/v?timeout=1s": context deadline exceeded`), `failed calling webhook "a.b": context deadline exceeded`},
		"anything else": {said(http.StatusInternalServerError, "cannot store s3cret"), `a request on Secret "creds" was 500`},
		"a denial": {apierrors.NewForbidden(secrets, "creds",
			fmt.Errorf(`User "u" cannot patch resource "secrets" in API group "" in the namespace "n"`)).ErrStatus,
			`User "u" cannot patch resource "secrets"`},
		"a quota":    {apierrors.NewForbidden(secrets, "creds", fmt.Errorf("exceeded quota: q, requested: count/secrets=1, used: count/secrets=0, limited: count/secrets=0")).ErrStatus, "exceeded quota: q"},
		"a conflict": {apierrors.NewConflict(secrets, "creds", fmt.Errorf("the object has been modified; please apply your changes to the latest version and try again")).ErrStatus, "has been modified"},
		"not found":  {apierrors.NewNotFound(secrets, "creds").ErrStatus, `secrets "creds" not found`},
		"there":      {apierrors.NewAlreadyExists(secrets, "creds").ErrStatus, `secrets "creds" already exists`},
		"etcd":       {said(http.StatusInternalServerError, "etcdserver: leader changed"), "etcdserver: leader changed"},
		"terminating": {apierrors.NewForbidden(secrets, "creds",
			fmt.Errorf("unable to create new content in namespace n because it is being terminated")).ErrStatus, "being terminated"},
	} {
		got := AboutSecret(c.status, `Secret "creds"`)
		if !strings.Contains(got.Message, c.want) {
			t.Errorf("%s: got %q, want %q", name, got.Message, c.want)
		}
		all, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		for _, value := range []string{"s3cret", "czNjcmV0", "12345", "not base64", "in front"} {
			if strings.Contains(string(all), value) {
				t.Errorf("%s: %q is in %s", name, value, all)
			}
		}
		if got.Code != c.status.Code || got.Reason != c.status.Reason {
			t.Errorf("%s: %d %s became %d %s", name, c.status.Code, c.status.Reason, got.Code, got.Reason)
		}
	}
}

// Whatever an error quotes of a Secret, nothing of it is left.
func FuzzAboutSecret(f *testing.F) {
	f.Add("s3cret-value", `Invalid value: "`, `": illegal base64 data at input byte 3`, int32(422))
	f.Add("s3cret-value", `admission webhook "x" denied the request: `, "", int32(403))
	f.Add(
		"s3cret-value",
		`Secret in version "v1" cannot be handled as a Secret: json: cannot unmarshal number `,
		" into Go struct field Secret.data of type string",
		int32(400),
	)
	f.Add("s3cret-value", `secrets "creds" is forbidden: exceeded quota: `, ", requested: a=1", int32(403))
	f.Add("s3cret-value", "", "", int32(500))
	f.Fuzz(func(t *testing.T, value, before, after string, code int32) {
		// The value is told from the words round it by a letter that these cannot have.
		value = "\x01" + value
		message := before + value + after
		status := metav1.Status{Code: code, Message: message, Details: &metav1.StatusDetails{
			Causes: []metav1.StatusCause{{Type: "x", Field: "data[" + value + "]", Message: message}}}}
		got := AboutSecret(status, `Secret "creds"`)
		if strings.Contains(got.Message, "\x01") && !denial.MatchString(message) {
			t.Errorf("%q became %q", message, got.Message)
		}
		if strings.Contains(got.Details.Causes[0].Message, "\x01") {
			t.Errorf("%q became %q", message, got.Details.Causes[0].Message)
		}
	})
}

func TestInDescription(t *testing.T) {
	for given, want := range map[string]string{
		`Upgrade "web" failed: cannot patch "creds" with kind Secret:  "" is invalid: patch: Invalid value: "map[data:map[a:s3cret]]": illegal base64 data at input byte 3`: "" +
			`Upgrade "web" failed: cannot patch "creds" with kind Secret: illegal base64 data at input byte 3`,
		`cannot patch "creds" with kind Secret: Secret "creds" is invalid: patch: Invalid value: illegal base64 data at input byte 3 && cannot patch "web" with kind Service: x`: "" +
			`cannot patch "creds" with kind Secret: Secret "creds" is invalid: patch: Invalid value: illegal base64 data at input byte 3 && cannot patch "web" with kind Service: x`,
		`Release "web" failed: failed to create resource: Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 3`: "" +
			`Release "web" failed: failed to create resource: illegal base64 data at input byte 3`,
		`failed to create resource: Service "x" is invalid: spec.ports: Invalid value: "s"`: "" +
			`failed to create resource: Service "x" is invalid: spec.ports: Invalid value: "s"`,
		"Upgrade complete": "Upgrade complete",
	} {
		if got := InDescription(given); got != want {
			t.Errorf("%q became %q, want %q", given, got, want)
		}
	}
}

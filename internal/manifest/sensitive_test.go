package manifest

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/berth-dev/berth/internal/secrets"
)

const sensitive = `
apiVersion: v1
kind: Secret
metadata: {name: shop-credentials}
type: Opaque
data:
  password: aHVudGVyMi1odW50ZXIy
  plain-by-mistake: swordfish-3
  short: czNjcmV0
stringData:
  pin: 1234567890
  shop-key: correct horse
---
apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: Secret
    metadata: {name: listed}
    stringData: {a: in-a-list}
---
apiVersion: v1
kind: Secret
metadata:
  name: applied
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: '{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "applied"},
      "stringData": {"a": "as-it-was-applied"}, "data": {"b": "YXMtaXQtd2FzLWVuY29kZWQ="}}'
    dsn: postgres://shop:in-an-annotation@db.example.org/shop
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: configuration
  annotations: {dsn: 'postgres://shop:of-a-configmap@db.example.org/shop'}
data:
  HTTP_AUTHORIZATION: Basic c2hvcDppbi1hLWhlYWRlcg==
  DB_PASSWORD: in-a-configmap
  greeting: hello-everybody
binaryData: {app.env: REJfUEFTUz1pbi1iaW5hcnktZGF0YQo=}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop-database}
spec:
  template:
    spec:
      containers:
        - name: database-container
          image: registry.example/database:1.2.3
          env:
            - name: API_TOKEN
              value: in-a-variable
            - name: MODE
              value: production
            - {name: HTTP_AUTHORIZATION, value: Bearer of-a-bearer}
            - {name: JWT_SECRET, value: of-a-session}
            - {name: SETTINGS, value: '{"password": "in-settings"}'}
      volumes: [{name: tls, secret: {secretName: web-certificate}}]
---
apiVersion: example.org/v1
kind: Boat
metadata: {name: one}
spec: {hosts: ['amqp://shop:of-a-host@rabbit.example.org/'], authorizationMode: not-a-secret-8, set: {Authorization: Basic of-a-field-set},
  adminPassword: in-a-resource, tlsSecret: web-certificate, host: boats.example.org,
  client: {secret: of-a-client}, clientSecret: of-oauth,
  password: {value: of-a-field}, credentials: {plain: below-it, deeper: [{text: further-below}]},
  adminToken: {valueFrom: {secretKeyRef: {name: web-certificate, key: not-a-secret-1}}, audience: not-a-secret-2},
  tokenReviews: {value: not-a-secret-3}, passwordSecretRef: {name: web-certificate, key: not-a-secret-4}, secret: {type: not-a-secret-5}}
status: {credentials: {message: not-a-secret-6}}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: boats.example.org}
spec: {versions: [{schema: {openAPIV3Schema: {properties: {password: {type: string, pattern: not-a-secret-7}}}}}]}
`

// What is secret in objects is masked, whether they are read as text or as objects, and
// their names are not.
func TestSensitive(t *testing.T) {
	objects, err := Parse(sensitive)
	if err != nil {
		t.Fatal(err)
	}
	asText, asObjects := secrets.New(), secrets.New()
	NewSensitive(asText).Text(sensitive)
	told := NewSensitive(asObjects)
	for _, o := range objects {
		told.Object(o)
	}
	inSecrets := []string{"hunter2-hunter2", "swordfish-3", "czNjcmV0", "1234567890", "correct horse", "in-a-list", "as-it-was-applied",
		"as-it-was-encoded"}
	elsewhere := []string{"in-a-configmap", "in-a-variable", "in-a-resource", "of-a-client", "of-oauth", "of-a-session", "in-settings",
		"in-binary-data", "in-an-annotation", "of-a-configmap", "of-a-host", "in-a-header", "c2hvcDppbi1hLWhlYWRlcg==", "of-a-bearer",
		"of-a-field-set", "of-a-field", "below-it", "further-below"}
	public := []string{
		"shop-credentials",
		"plain-by-mistake",
		"shop-key",
		"configuration",
		"hello-everybody",
		"shop-database",
		"database-container",
		"registry.example/database:1.2.3",
		"production",
		"web-certificate",
		"boats.example.org",
		"Deployment",
	}
	for _, mask := range []*secrets.Mask{asText, asObjects} {
		for _, value := range inSecrets {
			if got := mask.Text("it is " + value); got != "it is ***" {
				t.Errorf("%s", got)
			}
		}
		for _, name := range public {
			mask.Find(name) // as if a Secret held the same text
			readable := name != "hello-everybody" && name != "production"
			if got := mask.Text("it is " + name); (got == "it is "+name) != readable {
				t.Errorf("%s became %q", name, got)
			}
		}
	}
	for _, value := range elsewhere {
		for _, mask := range []*secrets.Mask{asText, asObjects} {
			if got := mask.Text("it is " + value); got != "it is ***" {
				t.Errorf("%s", got)
			}
		}
	}
	for i := range 8 {
		text := fmt.Sprintf("it is not-a-secret-%d", i+1)
		for _, mask := range []*secrets.Mask{asText, asObjects} {
			if got := mask.Text(text); got != text {
				t.Errorf("%q became %q", text, got)
			}
		}
	}
	var nobody *Sensitive
	nobody.Text(sensitive)
	nobody.Object(objects[0])
	NewSensitive(nil).Text(sensitive)
}

// A long text is looked through once for each way to read it: the second time it is still masked, and as a file, too.
func TestLongTexts(t *testing.T) {
	mask := secrets.New()
	told := NewSensitive(mask)
	text := "note: " + strings.Repeat("x", longText) + " password=hunter2-in-it"
	variable := &unstructured.Unstructured{Object: map[string]any{"kind": "Pod", "spec": map[string]any{"value": text}}}
	file := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap",
		"data": map[string]any{"a": text, "b": strings.Repeat("y\n", longText) + "token: swordfish-1"}}}
	for range 2 {
		told.Object(variable)
		told.Object(file)
	}
	if got := told.Masked("hunter2-in-it swordfish-1"); got != "*** ***" {
		t.Error(got)
	}
	if got := (*Sensitive)(nil).Masked("hunter2-in-it"); got != "hunter2-in-it" {
		t.Error(got)
	}
}

// A manifest with 300 Secrets is read once in a run, and each time where it changed.
func BenchmarkSensitive(b *testing.B) {
	var all strings.Builder
	for i := range 300 {
		value := base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "password-%d-of-many", i))
		fmt.Fprintf(&all, "---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: s%d\ndata:\n  a: %s\n  b: %s\n  c: %s\n", i, value, value, value)
	}
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			NewSensitive(secrets.New()).Text(all.String())
		}
	})
	b.Run("again", func(b *testing.B) {
		told := NewSensitive(secrets.New())
		for b.Loop() {
			told.Text(all.String())
		}
	})
}

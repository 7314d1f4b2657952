package record

import (
	"context"
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
)

// Kind is the resource in which release records are stored, named as in RBAC
// rules and API paths.
type Kind string

// The resources that can hold release records.
const (
	Secrets    Kind = "secrets"
	ConfigMaps Kind = "configmaps"
)

// ParseDriver parses the value of HELM_DRIVER. It returns a *problem.Problem with
// the reason WrongInput for Helm's other drivers: memory loses the release when
// the process ends, and sql has neither compare-and-swap nor the cluster's RBAC.
func ParseDriver(env string) (Kind, error) {
	switch env {
	case "", "secret", "secrets":
		return Secrets, nil
	case "configmap", "configmaps":
		return ConfigMaps, nil
	}
	return "", &problem.Problem{
		Reason: problem.WrongInput,
		Tried:  fmt.Sprintf("use the Helm storage driver HELM_DRIVER=%q", env),
		Cause:  fmt.Errorf("only secret and configmap are supported"),
		Next:   "Unset HELM_DRIVER, or set it to secret or configmap.",
	}
}

// Resource returns the resource's name, as in RBAC rules.
func (k Kind) Resource() string { return string(k) }

func (k Kind) groupVersionResource() schema.GroupVersionResource {
	return schema.GroupVersionResource{Version: "v1", Resource: string(k)}
}

// other returns the kind that this one's records are not in.
func (k Kind) other() Kind {
	if k == ConfigMaps {
		return Secrets
	}
	return ConfigMaps
}

// driverName returns the name of Helm's own driver for this resource.
func (k Kind) driverName() string {
	if k == ConfigMaps {
		return "ConfigMap"
	}
	return "Secret"
}

const (
	// secretType is the type of the Secrets that are release records.
	secretType = "helm.sh/release.v1"
	// dataKey is the key under which a record's data holds the payload.
	dataKey = "release"
	// fieldManager is the manager of Berth's writes in managedFields.
	fieldManager = facts.FieldManager
)

// object is a Secret or a ConfigMap that holds a release record. An object that
// was read or written is never modified: a write starts from a copy.
type object struct {
	metav1.ObjectMeta
	Payload   string // base64 of the gzipped release, see decode
	Type      string // of a Secret
	Immutable bool
	// ExtraData and BinaryData are the object's other data. Helm writes neither.
	ExtraData, BinaryData map[string][]byte
}

// objects reads and writes the objects of one kind in one namespace. Each call
// sends one request.
type objects interface {
	create(context.Context, *object) (*object, error)
	get(ctx context.Context, key string) (*object, error)
	// update succeeds only if o.ResourceVersion is the stored one.
	update(ctx context.Context, o *object) (*object, error)
	// delete succeeds only if the preconditions hold, or if there is no object.
	delete(ctx context.Context, key string, only *metav1.Preconditions) error
}

func newObjects(k Kind, core corev1client.CoreV1Interface, namespace string) (objects, error) {
	switch k {
	case Secrets:
		return secretObjects{core.Secrets(namespace)}, nil
	case ConfigMaps:
		return configMapObjects{core.ConfigMaps(namespace)}, nil
	}
	return nil, fmt.Errorf("open the release records: unknown kind %q", k)
}

type secretObjects struct{ client corev1client.SecretInterface }

func (c secretObjects) create(ctx context.Context, o *object) (*object, error) {
	return fromSecret(c.client.Create(ctx, o.secret(), metav1.CreateOptions{FieldManager: fieldManager}))
}

func (c secretObjects) get(ctx context.Context, key string) (*object, error) {
	return fromSecret(c.client.Get(ctx, key, metav1.GetOptions{}))
}

func (c secretObjects) update(ctx context.Context, o *object) (*object, error) {
	return fromSecret(c.client.Update(ctx, o.secret(), metav1.UpdateOptions{FieldManager: fieldManager}))
}

func (c secretObjects) delete(ctx context.Context, key string, only *metav1.Preconditions) error {
	return ignoreNotFound(c.client.Delete(ctx, key, metav1.DeleteOptions{Preconditions: only}))
}

func (o *object) secret() *corev1.Secret {
	kind := corev1.SecretType(o.Type)
	if kind == "" {
		kind = secretType
	}
	secret := &corev1.Secret{ObjectMeta: o.ObjectMeta, Type: kind, Data: map[string][]byte{dataKey: []byte(o.Payload)}}
	if o.Immutable {
		secret.Immutable = &o.Immutable
	}
	maps.Copy(secret.Data, o.ExtraData)
	return secret
}

func fromSecret(s *corev1.Secret, err error) (*object, error) {
	if err != nil {
		return nil, err
	}
	o := &object{ObjectMeta: s.ObjectMeta, Type: string(s.Type), Immutable: isTrue(s.Immutable), Payload: string(s.Data[dataKey])}
	for key, value := range s.Data {
		o.addExtra(key, value)
	}
	return o, nil
}

type configMapObjects struct {
	client corev1client.ConfigMapInterface
}

func (c configMapObjects) create(ctx context.Context, o *object) (*object, error) {
	return fromConfigMap(c.client.Create(ctx, o.configMap(), metav1.CreateOptions{FieldManager: fieldManager}))
}

func (c configMapObjects) get(ctx context.Context, key string) (*object, error) {
	return fromConfigMap(c.client.Get(ctx, key, metav1.GetOptions{}))
}

func (c configMapObjects) update(ctx context.Context, o *object) (*object, error) {
	return fromConfigMap(c.client.Update(ctx, o.configMap(), metav1.UpdateOptions{FieldManager: fieldManager}))
}

func (c configMapObjects) delete(ctx context.Context, key string, only *metav1.Preconditions) error {
	return ignoreNotFound(c.client.Delete(ctx, key, metav1.DeleteOptions{Preconditions: only}))
}

func (o *object) configMap() *corev1.ConfigMap {
	m := &corev1.ConfigMap{ObjectMeta: o.ObjectMeta, Data: map[string]string{dataKey: o.Payload}, BinaryData: o.BinaryData}
	if o.Immutable {
		m.Immutable = &o.Immutable
	}
	for key, value := range o.ExtraData {
		m.Data[key] = string(value)
	}
	return m
}

func fromConfigMap(m *corev1.ConfigMap, err error) (*object, error) {
	if err != nil {
		return nil, err
	}
	o := &object{ObjectMeta: m.ObjectMeta, Immutable: isTrue(m.Immutable), Payload: m.Data[dataKey], BinaryData: m.BinaryData}
	for key, value := range m.Data {
		o.addExtra(key, []byte(value))
	}
	return o, nil
}

// addExtra keeps data that is not the payload.
func (o *object) addExtra(key string, value []byte) {
	if key == dataKey {
		return
	}
	if o.ExtraData == nil {
		o.ExtraData = make(map[string][]byte)
	}
	o.ExtraData[key] = value
}

func isTrue(b *bool) bool { return b != nil && *b }

// ignoreNotFound returns nil for the API server's NotFound, otherwise err.
func ignoreNotFound(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

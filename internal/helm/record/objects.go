package record

import (
	"context"
	"maps"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/berth-dev/berth/internal/facts"
)

const (
	// secretType marks Helm's records among the Secrets.
	secretType = "helm.sh/release.v1"
	// dataKey is where a record holds the encoded release.
	dataKey = "release"
	// fieldManager tells Berth's writes from Helm's in managedFields.
	fieldManager = facts.FieldManager
)

// object is a record as it is stored, whatever it is stored in. One that was
// read or written is never changed: a write starts from a copy.
type object struct {
	metav1.ObjectMeta
	Payload string
	Type    string // of a Secret
	// Fixed says that its data can never be changed.
	Fixed bool
	// Extra and Binary are what else it holds. Helm writes neither.
	Extra, Binary map[string][]byte
}

// objects is one kind of object in one namespace.
type objects interface {
	create(context.Context, *object) (*object, error)
	get(ctx context.Context, key string) (*object, error)
	// update stores o only if its resourceVersion is still the stored one.
	update(ctx context.Context, o *object) (*object, error)
	// delete removes the object only where the preconditions hold.
	delete(ctx context.Context, key string, only *metav1.Preconditions) error
}

type secrets struct{ client corev1client.SecretInterface }

func (c secrets) create(ctx context.Context, o *object) (*object, error) {
	return fromSecret(c.client.Create(ctx, o.secret(), metav1.CreateOptions{FieldManager: fieldManager}))
}

func (c secrets) get(ctx context.Context, key string) (*object, error) {
	return fromSecret(c.client.Get(ctx, key, metav1.GetOptions{}))
}

func (c secrets) update(ctx context.Context, o *object) (*object, error) {
	return fromSecret(c.client.Update(ctx, o.secret(), metav1.UpdateOptions{FieldManager: fieldManager}))
}

func (c secrets) delete(ctx context.Context, key string, only *metav1.Preconditions) error {
	return c.client.Delete(ctx, key, metav1.DeleteOptions{Preconditions: only})
}

func (o *object) secret() *corev1.Secret {
	kind := corev1.SecretType(o.Type)
	if kind == "" {
		kind = secretType
	}
	secret := &corev1.Secret{ObjectMeta: o.ObjectMeta, Type: kind, Data: map[string][]byte{dataKey: []byte(o.Payload)}}
	if o.Fixed {
		secret.Immutable = &o.Fixed
	}
	maps.Copy(secret.Data, o.Extra)
	return secret
}

func fromSecret(s *corev1.Secret, err error) (*object, error) {
	if err != nil {
		return nil, err
	}
	o := &object{ObjectMeta: s.ObjectMeta, Type: string(s.Type), Fixed: fixed(s.Immutable), Payload: string(s.Data[dataKey])}
	for key, value := range s.Data {
		o.keep(key, value)
	}
	return o, nil
}

type configMaps struct {
	client corev1client.ConfigMapInterface
}

func (c configMaps) create(ctx context.Context, o *object) (*object, error) {
	return fromConfigMap(c.client.Create(ctx, o.configMap(), metav1.CreateOptions{FieldManager: fieldManager}))
}

func (c configMaps) get(ctx context.Context, key string) (*object, error) {
	return fromConfigMap(c.client.Get(ctx, key, metav1.GetOptions{}))
}

func (c configMaps) update(ctx context.Context, o *object) (*object, error) {
	return fromConfigMap(c.client.Update(ctx, o.configMap(), metav1.UpdateOptions{FieldManager: fieldManager}))
}

func (c configMaps) delete(ctx context.Context, key string, only *metav1.Preconditions) error {
	return c.client.Delete(ctx, key, metav1.DeleteOptions{Preconditions: only})
}

func (o *object) configMap() *corev1.ConfigMap {
	m := &corev1.ConfigMap{ObjectMeta: o.ObjectMeta, Data: map[string]string{dataKey: o.Payload}, BinaryData: o.Binary}
	if o.Fixed {
		m.Immutable = &o.Fixed
	}
	for key, value := range o.Extra {
		m.Data[key] = string(value)
	}
	return m
}

func fromConfigMap(m *corev1.ConfigMap, err error) (*object, error) {
	if err != nil {
		return nil, err
	}
	o := &object{ObjectMeta: m.ObjectMeta, Fixed: fixed(m.Immutable), Payload: m.Data[dataKey], Binary: m.BinaryData}
	for key, value := range m.Data {
		o.keep(key, []byte(value))
	}
	return o, nil
}

// keep holds on to data that is not the release.
func (o *object) keep(key string, value []byte) {
	if key == dataKey {
		return
	}
	if o.Extra == nil {
		o.Extra = make(map[string][]byte)
	}
	o.Extra[key] = value
}

func fixed(immutable *bool) bool { return immutable != nil && *immutable }

// exactly lets a delete through only to this version of this object.
func exactly(meta *metav1.ObjectMeta) *metav1.Preconditions {
	return &metav1.Preconditions{UID: &meta.UID, ResourceVersion: &meta.ResourceVersion}
}

// absent makes of an error that the object is not there a success.
func absent(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

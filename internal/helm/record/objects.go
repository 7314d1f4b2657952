package record

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
)

const (
	// secretType marks Helm's records among the Secrets.
	secretType = "helm.sh/release.v1"
	// dataKey is where a record holds the encoded release.
	dataKey = "release"
	// fieldManager tells Berth's writes from Helm's in managedFields.
	fieldManager = "berth"
)

// object is a record as it is stored, whatever it is stored in. One that was
// read or written is never changed: a write starts from a copy.
type object struct {
	metav1.ObjectMeta
	Payload string
	Type    string
}

// objects is one kind of object in one namespace.
type objects interface {
	create(context.Context, *object) (*object, error)
	get(ctx context.Context, key string) (*object, error)
	list(ctx context.Context, selector string) ([]*object, error)
	// update stores o only if its resourceVersion is still the stored one.
	update(ctx context.Context, o *object) (*object, error)
	// delete removes the object only if it is still the one with this UID.
	delete(ctx context.Context, key string, uid types.UID) error
}

type secrets struct{ client corev1client.SecretInterface }

func (c secrets) create(ctx context.Context, o *object) (*object, error) {
	return fromSecret(c.client.Create(ctx, o.secret(), metav1.CreateOptions{FieldManager: fieldManager}))
}

func (c secrets) get(ctx context.Context, key string) (*object, error) {
	return fromSecret(c.client.Get(ctx, key, metav1.GetOptions{}))
}

func (c secrets) list(ctx context.Context, selector string) ([]*object, error) {
	found, err := c.client.List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil, err
	}
	list := make([]*object, len(found.Items))
	for i := range found.Items {
		list[i], _ = fromSecret(&found.Items[i], nil)
	}
	return list, nil
}

func (c secrets) update(ctx context.Context, o *object) (*object, error) {
	return fromSecret(c.client.Update(ctx, o.secret(), metav1.UpdateOptions{FieldManager: fieldManager}))
}

func (c secrets) delete(ctx context.Context, key string, uid types.UID) error {
	return c.client.Delete(ctx, key, onlyThis(uid))
}

func (o *object) secret() *corev1.Secret {
	kind := corev1.SecretType(o.Type)
	if kind == "" {
		kind = secretType
	}
	return &corev1.Secret{ObjectMeta: o.ObjectMeta, Type: kind, Data: map[string][]byte{dataKey: []byte(o.Payload)}}
}

func fromSecret(s *corev1.Secret, err error) (*object, error) {
	if err != nil {
		return nil, err
	}
	return &object{ObjectMeta: s.ObjectMeta, Payload: string(s.Data[dataKey]), Type: string(s.Type)}, nil
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

func (c configMaps) list(ctx context.Context, selector string) ([]*object, error) {
	found, err := c.client.List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil, err
	}
	list := make([]*object, len(found.Items))
	for i := range found.Items {
		list[i], _ = fromConfigMap(&found.Items[i], nil)
	}
	return list, nil
}

func (c configMaps) update(ctx context.Context, o *object) (*object, error) {
	return fromConfigMap(c.client.Update(ctx, o.configMap(), metav1.UpdateOptions{FieldManager: fieldManager}))
}

func (c configMaps) delete(ctx context.Context, key string, uid types.UID) error {
	return c.client.Delete(ctx, key, onlyThis(uid))
}

func (o *object) configMap() *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: o.ObjectMeta, Data: map[string]string{dataKey: o.Payload}}
}

func fromConfigMap(m *corev1.ConfigMap, err error) (*object, error) {
	if err != nil {
		return nil, err
	}
	return &object{ObjectMeta: m.ObjectMeta, Payload: m.Data[dataKey]}, nil
}

func onlyThis(uid types.UID) metav1.DeleteOptions {
	return metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}}
}

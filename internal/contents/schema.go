package contents

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"sync"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes/scheme"
)

// form is how a value is written, so that its spelling can be looked through.
type form int

const (
	formFree     form = iota // nothing is known: a custom resource's
	formStruct               // a map of known fields
	formMap                  // a map of any keys
	formList                 // a list
	formPlain                // a text, a number or a boolean
	formBytes                // base64
	formQuantity             // 1000m
	formTime                 // 2026-01-01T00:00:00Z
	formDuration             // 1m0s
	formPort                 // a number, or a text
)

// shape is what the Go type of a kind says of a value. A nil shape is formFree.
type shape struct {
	form   form
	fields map[string]*shape // formStruct
	// kept are the fields of a struct that the server keeps also where they say zero,
	// since that is not the same as nothing: allowPrivilegeEscalation: false, emptyDir: {}.
	kept map[string]bool
	// additive are the fields of a struct whose items count also where the manifest
	// has no such list.
	additive []string
	item     *shape // formList, formMap
	merged   bool   // formList: items are matched by their key
	key      string // the merge key; "" where the items are plain values
	zero     bool   // zero means unset, so that the server may set a default
}

// additive are the lists whose added items change what an object does, whether or
// not the manifest has such a list.
var additive = []string{"env", "envFrom", "initContainers", "ports", "rules", "subjects", "volumeDevices", "volumeMounts", "volumes"}

// shapes holds the shapes that were made so far. Making one takes longer than the
// comparison of an object.
var shapes = struct {
	sync.Mutex
	kinds   map[schema.GroupVersionKind]*shape
	structs map[reflect.Type]*shape
}{kinds: map[schema.GroupVersionKind]*shape{}, structs: map[reflect.Type]*shape{}}

// schemaOf returns the shape of an object. Of a custom resource only the metadata is
// known.
func schemaOf(o *unstructured.Unstructured) *shape {
	gvk := o.GroupVersionKind()
	shapes.Lock()
	defer shapes.Unlock()
	if s, ok := shapes.kinds[gvk]; ok {
		return s
	}
	s := &shape{form: formStruct, fields: map[string]*shape{"metadata": structShape(reflect.TypeFor[metav1.ObjectMeta]())}}
	if gvk == apiextensions.SchemeGroupVersion.WithKind("CustomResourceDefinition") {
		s = structShape(reflect.TypeFor[apiextensions.CustomResourceDefinition]())
	} else if typed, err := scheme.Scheme.New(gvk); err == nil {
		s = structShape(reflect.TypeOf(typed).Elem())
	} else {
		s.form = formFree
	}
	shapes.kinds[gvk] = s
	return s
}

// structShape returns the shape of a struct. A type may have itself in its fields.
func structShape(t reflect.Type) *shape {
	if s, ok := shapes.structs[t]; ok {
		return s
	}
	s := &shape{form: formStruct, fields: map[string]*shape{}, kept: map[string]bool{}}
	shapes.structs[t] = s
	s.addFields(t)
	for _, name := range additive {
		if f := s.fields[name]; f != nil && f.form == formList {
			s.additive = append(s.additive, name)
		}
	}
	return s
}

// addFields adds a struct's fields, those of embedded structs among them.
func (s *shape) addFields(t reflect.Type) {
	for f := range t.Fields() {
		name, rest, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-":
		case name == "" && (f.Anonymous || strings.Contains(rest, "inline")) && f.Type.Kind() == reflect.Struct:
			s.addFields(f.Type)
		case name != "":
			below := typeShape(f.Type)
			if below != nil && below.form == formList {
				below.merged = slices.Contains(strings.Split(f.Tag.Get("patchStrategy"), ","), "merge")
				below.key = f.Tag.Get("patchMergeKey")
			}
			s.fields[name] = below
			s.kept[name] = isKept(f.Type)
		}
	}
}

// isKept returns whether a field of this type is kept where it says zero. An empty
// text seldom is.
func isKept(t reflect.Type) bool {
	if t.Kind() != reflect.Pointer {
		return false
	}
	t = t.Elem()
	if t.Kind() == reflect.Struct {
		return forms[t] == formPort || !t.Implements(reflect.TypeFor[json.Marshaler]())
	}
	return slices.Contains([]reflect.Kind{reflect.Bool, reflect.Int32, reflect.Int64}, t.Kind())
}

// forms are the types that are written in a way of their own.
var forms = map[reflect.Type]form{
	reflect.TypeFor[resource.Quantity]():  formQuantity,
	reflect.TypeFor[metav1.Time]():        formTime,
	reflect.TypeFor[metav1.MicroTime]():   formTime,
	reflect.TypeFor[metav1.Duration]():    formDuration,
	reflect.TypeFor[intstr.IntOrString](): formPort,
}

// typeShape returns the shape of a type, or nil where it says nothing. Lists get a
// shape of their own each, since it is the field that says how they are merged.
func typeShape(t reflect.Type) *shape {
	pointer := t.Kind() == reflect.Pointer
	if pointer {
		t = t.Elem()
	}
	if f, ok := forms[t]; ok {
		return &shape{form: f, zero: !pointer}
	}
	switch t {
	case reflect.TypeFor[apiextensions.JSONSchemaPropsOrArray](), reflect.TypeFor[apiextensions.JSONSchemaPropsOrBool]():
		return structShape(reflect.TypeFor[apiextensions.JSONSchemaProps]()) // or what is no map, which is compared by its value
	}
	if reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		return nil
	}
	switch kind := t.Kind(); {
	case kind == reflect.Struct:
		return structShape(t)
	case kind == reflect.Map:
		return &shape{form: formMap, item: itemShape(t.Elem())}
	case kind == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		return &shape{form: formBytes}
	case kind == reflect.Slice:
		return &shape{form: formList, item: itemShape(t.Elem())}
	case kind == reflect.Interface:
		return nil
	}
	return &shape{form: formPlain, zero: !pointer}
}

// itemShape is the shape of the items of a list or a map, of which none is unset.
func itemShape(t reflect.Type) *shape {
	s := typeShape(t)
	if s != nil {
		s.zero = false
	}
	return s
}

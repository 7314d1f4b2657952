package helm

import (
	"errors"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/berth-dev/berth/internal/contents"
)

// tried returns what the API server would store of a live object by Helm's patch and, where that does not make it
// as the manifest says, by what is written over it then (see mend).
func (m *mended) tried(live *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	after, err := m.tryPatch(live)
	over := after
	switch {
	case apierrors.IsInvalid(err): // see replace
		over = live
	case err != nil:
		return nil, err
	case len(m.unexpected(m.compare(m.want, after, m.scaled))) == 0:
		return after, nil
	}
	whole := contents.Overlay(m.was, m.want, over, m.options(m.want, m.scaled)).DeepCopy()
	whole.SetManagedFields(live.GetManagedFields()) // which are the server's to write
	whole.SetGeneration(live.GetGeneration())
	whole.SetResourceVersion(live.GetResourceVersion())
	patch, overlayErr := overwriting(live, whole)
	if overlayErr != nil || patch == nil {
		return after, err
	}
	if written, writeErr := m.try(types.MergePatchType, patch); writeErr == nil {
		return written, nil
	}
	return after, err
}

func (m *mended) tryPatch(live *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	var was runtime.Object = m.want
	if m.was != nil {
		was = m.was
	}
	patch, form, err := threeWayPatch(m.info, was, m.want, live)
	if err != nil {
		return nil, err
	}
	if len(patch) == 0 || string(patch) == "{}" {
		return live, nil
	}
	if patch, err = bind(patch, live); err != nil {
		return nil, err
	}
	return m.try(form, patch)
}

// try sends a patch to be tried alone.
func (m *mended) try(form types.PatchType, patch []byte) (*unstructured.Unstructured, error) {
	answer, err := resource.NewHelper(m.info.Client, m.info.Mapping).DryRun(true).WithFieldManager(fieldManager).
		Patch(m.info.Namespace, m.info.Name, form, patch, nil)
	if err != nil {
		return nil, err
	}
	after, ok := answer.(*unstructured.Unstructured)
	if !ok {
		return nil, errors.New("the API server's answer is no object")
	}
	m.sensitive.Object(after)
	return after, nil
}

package helm

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	"helm.sh/helm/v3/pkg/kube"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/berth-dev/berth/internal/apifailure"
	"github.com/berth-dev/berth/internal/contents"
	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/ownership"
)

// mending makes an update of one object into one after which the object is as the
// target says. merge is Helm's three-way merge (merge.go), for the objects of targets.
//
// An object is not written at all where its manifest is what it was and it lives so,
// in all but what the deploy before had to accept: an unchanged deploy changes
// nothing. Where it still differs after Helm's patch, which a patch cannot always
// help, it is written once more. What differs then was made of the write by
// admission.
func (l *leavings) mending(merge updateFunc, targets kube.ResourceList, made *changes) updateFunc {
	scaled := contents.Autoscaled(manifests(targets))
	return func(original, target kube.ResourceList) (*kube.Result, error) {
		m := &mended{leavings: l, info: target[0], want: manifests(target)[0], scaled: scaled}
		if m.want.GetKind() == "" {
			return merge(original, target)
		}
		if info := original.Get(m.info); info != nil {
			m.was = manifests(kube.ResourceList{info})[0]
		}
		before, err := readLive(m.info, m.sensitive) // merge reads the same first, and is answered from memory
		if err == nil && m.isAsBefore(before) {
			made.same()
			return &kube.Result{Updated: target}, m.info.Refresh(before, true)
		}
		res, err := merge(original, target)
		if err == nil {
			m.mend()
			made.wrote(refOf(m.info), before, liveOf(m.info))
		} else if before != nil && apierrors.IsInvalid(err) && m.replace(before) == nil {
			made.wrote(refOf(m.info), before, liveOf(m.info))
			return &kube.Result{Updated: target}, nil
		}
		return res, err
	}
}

// mended is an object that is brought to what the manifest says.
type mended struct {
	*leavings
	info     *resource.Info
	want     *unstructured.Unstructured // the manifest's
	was      *unstructured.Unstructured // the manifest's before; nil: it had none
	scaled   contents.Scaled
	expected facts.Baseline // what may differ: nobody has to mend that again
}

// isAsBefore returns whether nothing is to be done: the manifest was the same
// before, and the object, which is noted then, differs in nothing that is not
// expected. before is nil where there is no object.
func (m *mended) isAsBefore(before *unstructured.Unstructured) bool {
	m.expected = m.accepted
	if before == nil {
		m.expected = facts.Baseline{} // whatever is there is new
		return false
	}
	if m.accepted == nil && m.was != nil {
		m.expected = m.presumed(before)
	}
	differences := m.compare(m.want, before, m.scaled)
	if m.was == nil || !m.sameManifest() || ownerOf(before) != m.release || len(m.unexpected(differences)) > 0 {
		return false
	}
	m.leave(refOf(m.info), differences)
	return true
}

// presumed returns what differed from the manifest of a revision that has no
// baseline, and was not written by anybody but the release or by an injector.
func (m *mended) presumed(before *unstructured.Unstructured) facts.Baseline {
	presumed := facts.Baseline{}
	for _, d := range m.compare(m.was, before, m.scaled) {
		if d.Own || d.Injected {
			presumed.Add(refOf(m.info), d)
		}
	}
	return presumed
}

// sameManifest returns whether an object of the manifest is what it was, apart from
// the ownership that Helm adds to the new one alone.
func (m *mended) sameManifest() bool {
	a, b := m.was.DeepCopy(), m.want.DeepCopy()
	for _, o := range []*unstructured.Unstructured{a, b} {
		o.SetLabels(ownership.Merge(o.GetLabels(), m.release.Labels()))
		o.SetAnnotations(ownership.Merge(o.GetAnnotations(), m.release.Annotations()))
		unstructured.RemoveNestedField(o.Object, "metadata", "namespace")
	}
	return reflect.DeepEqual(a.Object, b.Object)
}

func (m *mended) unexpected(differences []facts.Difference) []facts.Difference {
	return slices.DeleteFunc(slices.Clone(differences), func(d facts.Difference) bool { return m.expected.Accepts(refOf(m.info), d) })
}

// mend writes what the API server's answer to Helm's patch lacks, and notes what
// still differs. A failure is noted, and ends nothing: the check tells of it.
func (m *mended) mend() {
	live := liveOf(m.info)
	if live == nil {
		return
	}
	differences := m.compare(m.want, live, m.scaled)
	if len(m.unexpected(differences)) > 0 {
		var err error
		if live, err = m.overwrite(live); err != nil {
			m.giveUp(refOf(m.info), err)
			return
		}
		differences = m.compare(m.want, live, m.scaled)
	}
	m.leave(refOf(m.info), differences)
}

// replace writes an object of which Helm's patch is no valid one, such as that which
// takes both of two ports of one number for the one that goes.
//
// Where there is nothing to write, that is not what was refused.
func (m *mended) replace(before *unstructured.Unstructured) error {
	if patch, err := overwriting(before, contents.Overlay(m.was, m.want, before, m.options(m.want, m.scaled))); err != nil || patch == nil {
		return errors.Join(errors.New("nothing differs that can be written"), err)
	}
	live, err := m.overwrite(before)
	if err == nil {
		m.leave(refOf(m.info), m.compare(m.want, live, m.scaled))
	}
	return err
}

// overwrite writes the fields that differ over the object in the version that was
// read, and returns the answer. It is a merge patch, which can replace lists and
// needs no permission beside Helm's own, and its resourceVersion makes it an update.
// Where somebody else changes the object meanwhile, it is read and written anew, as long
// as it is the release's.
func (m *mended) overwrite(live *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	uid := live.GetUID()
	err := apifailure.RetryConflicts(func() (err error) {
		if live == nil {
			if live, err = m.readOwn(uid); err != nil {
				return err
			}
		}
		patch, err := overwriting(live, contents.Overlay(m.was, m.want, live, m.options(m.want, m.scaled)))
		if err != nil || patch == nil {
			return err
		}
		answer, err := resource.NewHelper(m.info.Client, m.info.Mapping).WithFieldManager(fieldManager).
			Patch(m.info.Namespace, m.info.Name, types.MergePatchType, patch, nil)
		if err != nil {
			live = nil
			return err
		}
		_ = m.info.Refresh(answer, true)
		live = liveOf(m.info)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("write what Helm's patch left: %w", err)
	}
	return live, nil
}

// readOwn reads an object that has to be the one that was written to, and nobody else's.
func (m *mended) readOwn(uid types.UID) (*unstructured.Unstructured, error) {
	live, err := readLive(m.info, m.sensitive)
	switch {
	case err != nil:
		return nil, err
	case live == nil:
		return nil, errors.New("it is gone")
	case live.GetUID() != uid:
		return nil, errors.New("it was made anew since it was written to")
	}
	manifests := []runtime.Object{m.want}
	if m.was != nil {
		manifests = append(manifests, m.was)
	}
	for _, whose := range []stranger{othersOwn(m.release), byGitOps(m.adopts, refOf(m.info), manifests...)} {
		if why := whose(live); why != "" {
			return nil, foreign(refOf(m.info), why)
		}
	}
	return live, nil
}

// overwriting returns the merge patch that makes a live object the wanted one if it
// is still in the version that was read, or nil where there is nothing to change.
func overwriting(live, want *unstructured.Unstructured) ([]byte, error) {
	from, err := json.Marshal(live.Object)
	if err != nil {
		return nil, err
	}
	to, err := json.Marshal(want.Object)
	if err != nil {
		return nil, err
	}
	patch, err := jsonpatch.CreateMergePatch(from, to)
	if err != nil || string(patch) == "{}" {
		return nil, err
	}
	return bind(patch, live)
}

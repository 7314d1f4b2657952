package helm

import (
	"encoding/json"
	"errors"
	"fmt"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	"helm.sh/helm/v3/pkg/kube"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/berth-dev/berth/internal/apifailure"
	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/internal/problem"
)

// An operation writes to an object that exists only after it has read whose that is,
// and binds the write to what it has read: to the UID and the resourceVersion. Where
// the API server answers 409, since the object changed in between, it reads again, and
// goes on while the object is still the release's. Helm writes by name alone.

// stranger decides by what an object says whether it is somebody else's, and returns
// how, or "".
type stranger func(live *unstructured.Unstructured) string

// notOwn is the stranger of what would be deleted, and of what the manifest did not have
// before: only what names the release as its owner is the release's.
func notOwn(r ownership.Release) stranger {
	return func(live *unstructured.Unstructured) string {
		if owner := ownerOf(live); owner != r {
			return "it belongs to " + nameOwner(owner)
		}
		return ""
	}
}

// notToWrite is the stranger of what would be written to.
func (c *client) notToWrite(info *resource.Info) stranger {
	return func(live *unstructured.Unstructured) string {
		return ownership.NotToWrite(c.release, ownership.Written{Labels: live.GetLabels(), Annotations: live.GetAnnotations(),
			Controller: controllerOf(live), Had: c.have.Contains(info), Made: c.made.Contains(info)})
	}
}

// controllerOf returns the object that controls another one, or "".
func controllerOf(live metav1.Object) string {
	if by := metav1.GetControllerOf(live); by != nil {
		return facts.Ref{Kind: by.Kind, Name: by.Name}.String()
	}
	return ""
}

// refuseToWrite returns an *ownershipConflict where an object that is wanted, and that Helm
// takes for the release's since the manifest before has it, is not to be written to. live are
// the objects that were read.
func (c *client) refuseToWrite(want kube.ResourceList, live map[facts.Ref]*unstructured.Unstructured) error {
	var theirs []error
	for _, info := range want {
		if o := live[refOf(info)]; o != nil && c.have.Contains(info) {
			if why := c.notToWrite(info)(o); why != "" {
				theirs = append(theirs, fmt.Errorf("%s exists: %s", refOf(info), why))
			}
		}
	}
	if len(theirs) == 0 {
		return nil
	}
	return &ownershipConflict{errors.Join(theirs...)}
}

// buildMade builds the objects of the newest revision that ended well. built are those of a
// revision that may be the same one, and text is its manifest.
func (c *client) buildMade(built kube.ResourceList, text string) {
	c.have = built
	switch c.madeBy {
	case "":
		return
	case text:
		c.made = built
		return
	}
	var err error
	if c.made, err = c.buildStored(c.madeBy, false); err != nil {
		c.log("whether the release has made what names nobody cannot be told: %v", err)
	}
}

// othersOwn is the stranger of what names somebody else.
func othersOwn(r ownership.Release) stranger {
	return func(live *unstructured.Unstructured) string {
		if owner := ownership.OtherOwner(r, live.GetLabels(), live.GetAnnotations()); owner != "" {
			return "it belongs to " + owner
		}
		return ""
	}
}

// readLive reads an object from the API server. It returns nil for one that does
// not exist.
func (c *client) readLive(info *resource.Info) (*unstructured.Unstructured, error) {
	return readLive(info, c.sensitive)
}

// readLive reads an object as the method of the client does. What it holds that is secret is told before
// anything of it is compared or an error quotes it: others may have put it there, so that no manifest has it.
func readLive(info *resource.Info, told *manifest.Sensitive) (*unstructured.Unstructured, error) {
	found, err := resource.NewHelper(info.Client, info.Mapping).Get(info.Namespace, info.Name)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	live, ok := found.(*unstructured.Unstructured)
	if !ok {
		return nil, fmt.Errorf("read %s: the answer is a %T", refOf(info), found)
	}
	told.Object(live)
	return live, nil
}

// deletion is what became of an object that was to be deleted. The zero value is that of
// one which does not exist.
type deletion struct {
	uid  types.UID // of the object that was deleted
	left string    // why it was not
}

// deleteOwn deletes an object unless it is a stranger's.
func (c *client) deleteOwn(info *resource.Info, policy metav1.DeletionPropagation, whose stranger) (done deletion, err error) {
	err = apifailure.RetryConflicts(func() error {
		live, err := c.readLive(info)
		if err != nil {
			return &unreadError{fmt.Errorf("read %s in namespace %q before deleting it: %w", nameOf(refOf(info)), info.Namespace, err)}
		}
		if done = (deletion{}); live == nil {
			return nil
		}
		if done.left = whose(live); done.left != "" {
			return nil
		}
		uid, version := live.GetUID(), live.GetResourceVersion()
		bound := &metav1.DeleteOptions{PropagationPolicy: &policy, Preconditions: &metav1.Preconditions{UID: &uid, ResourceVersion: &version}}
		_, err = resource.NewHelper(info.Client, info.Mapping).DeleteWithOptions(info.Namespace, info.Name, bound)
		switch {
		case apierrors.IsNotFound(err):
		case err != nil:
			return fmt.Errorf("delete %s in namespace %q: %w", nameOf(refOf(info)), info.Namespace, err)
		}
		done.uid = uid
		return nil
	})
	return done, err
}

// unreadError is the error of an object that could not be read before a write, which
// was not sent then.
type unreadError struct{ error }

// Unwrap returns the error of the read.
func (e *unreadError) Unwrap() error { return e.error }

// mayNotBeRead reports whether an object could not be read for want of a permission.
func mayNotBeRead(err error) bool {
	var unread *unreadError
	return errors.As(err, &unread) && apierrors.IsForbidden(err)
}

// bind makes a merge patch one of the object as it was read, and of no other.
func bind(patch []byte, live metav1.Object) ([]byte, error) {
	to, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"uid": live.GetUID(), "resourceVersion": live.GetResourceVersion(),
	}})
	if err != nil {
		return nil, err
	}
	return jsonpatch.MergeMergePatches(patch, to)
}

// foreign is the problem of an object that was not written to, since it is somebody
// else's by now.
func foreign(ref facts.Ref, whose string) *problem.Problem {
	return &problem.Problem{Reason: problem.Foreign, Tried: "write to " + nameOf(ref),
		Cause: fmt.Errorf("%s, so it was left as it is", whose),
		Next:  "Give it back to this release, or give the chart's object another name. Then run again."}
}

// ownerOf returns the release that an object belongs to, or the zero Release.
func ownerOf(o metav1.Object) ownership.Release {
	return ownership.OwnerOf(o.GetLabels(), o.GetAnnotations())
}

// nameOwner names an object's owner to a person.
func nameOwner(r ownership.Release) string {
	if r == (ownership.Release{}) {
		return "nobody that it names"
	}
	return r.String()
}

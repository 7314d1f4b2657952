package helm

import (
	"errors"
	"fmt"
	"strings"

	"helm.sh/helm/v3/pkg/kube"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/internal/problem"
)

// byGitOps is the stranger of what a GitOps controller says is its own, with a mark that none
// of these manifests of the release puts there: the two would write over each other in turn.
// What was taken over, and what adopts names, is the release's all the same.
func byGitOps(adopts func(facts.Ref) bool, ref facts.Ref, manifests ...runtime.Object) stranger {
	return func(live *unstructured.Unstructured) string {
		if _, taken := ownership.TakenOver(live.GetAnnotations()); taken || adopts != nil && adopts(ref) {
			return ""
		}
		var put []map[string]string
		for _, m := range manifests {
			if o, err := meta.Accessor(m); err == nil {
				put = append(put, o.GetLabels(), o.GetAnnotations())
			}
		}
		why, _ := ownership.OwnedByGitOps(live.GetLabels(), live.GetAnnotations(), put...)
		return why
	}
}

// ownedByGitOps is byGitOps for an object of a manifest, and of the one before, which need not
// have it.
func (c *client) ownedByGitOps(info *resource.Info, have kube.ResourceList) stranger {
	manifests := []runtime.Object{info.Object}
	if before := have.Get(info); before != nil {
		manifests = append(manifests, before.Object)
	}
	return byGitOps(c.adopts, refOf(info), manifests...)
}

// refuseGitOps returns a *problem.Problem where an object that is wanted, and exists, is a
// GitOps controller's by now. have are the objects of the manifest before, and live those
// that were read.
func (c *client) refuseGitOps(have, want kube.ResourceList, live map[facts.Ref]*unstructured.Unstructured) error {
	var theirs []error
	var names []string
	for _, info := range want {
		ref := refOf(info)
		if live[ref] == nil {
			continue
		}
		if why := c.ownedByGitOps(info, have)(live[ref]); why != "" {
			theirs, names = append(theirs, fmt.Errorf("%s: %s", ref, why)), append(names, nameOf(ref))
		}
	}
	if len(theirs) == 0 {
		return nil
	}
	return &problem.Problem{Reason: problem.Foreign, Cause: errors.Join(theirs...),
		Headline: fmt.Sprintf("Release `%s` was not deployed: a GitOps controller owns objects of it by now.", c.release.Name),
		Next: fmt.Sprintf("Take these objects out of what that controller applies, with its marks, or out of the chart; or name them in adopt, "+
			"one a line: %s. Both write to them in turn then. Nothing was touched.", strings.Join(names, ", "))}
}

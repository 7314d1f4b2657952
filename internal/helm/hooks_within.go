package helm

import (
	"errors"
	"fmt"
	"strings"

	"helm.sh/helm/v3/pkg/kube"
	"helm.sh/helm/v3/pkg/release"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
)

// refuseHooksBeyond returns a *problem.Problem with the headline refused where a hook of an uninstall is
// not in the release's own namespace.
func refuseHooksBeyond(c *client, refused string, hooks []facts.Hook) error {
	cause := hooksBeyond(c, hooksAt(hooks, release.HookPreDelete, release.HookPostDelete))
	if cause == nil {
		return nil
	}
	return &problem.Problem{Reason: problem.Foreign,
		Headline: refused + ": a hook of its deletion would be made outside of its namespace, which is not done where many are taken down.",
		Cause:    cause, Next: "Look at the release's hooks. If they may do that, run berth teardown for this branch alone. Nothing was touched."}
}

// refuseRollbackBeyond does the same for a rollback, which makes objects, too.
func refuseRollbackBeyond(c *client, refused string, hooks []facts.Hook, objects kube.ResourceList) error {
	cause := errors.Join(beyond(c.release.Namespace, "object", objects),
		hooksBeyond(c, hooksAt(hooks, release.HookPreRollback, release.HookPostRollback)))
	if cause == nil {
		return nil
	}
	return &problem.Problem{Reason: problem.Foreign,
		Headline: refused + ": some of it would be made outside of its namespace, which is not done where many are repaired.",
		Cause:    cause, Next: "Look at the revision. If it may do that, run berth repair for this branch alone. Nothing was touched."}
}

// hooksBeyond returns an error that names the hooks that are not in the release's own namespace, or nil. What cannot
// be built makes nothing, and is looked at again before it is made.
func hooksBeyond(c *client, hooks []string) error {
	var outside []error
	for _, text := range hooks {
		if list, err := c.Build(strings.NewReader(text), false); err == nil {
			outside = append(outside, beyond(c.release.Namespace, "hook", list))
		}
	}
	return errors.Join(outside...)
}

// beyond returns an error that names those of the objects that are not in a namespace, or nil.
func beyond(namespace, what string, list kube.ResourceList) error {
	var all []error
	for _, info := range list {
		switch {
		case info.Namespace == "":
			all = append(all, fmt.Errorf("the %s %s is in no namespace", what, nameOf(refOf(info))))
		case info.Namespace != namespace:
			all = append(all, fmt.Errorf("the %s %s is in namespace %s", what, nameOf(refOf(info)), info.Namespace))
		}
	}
	return errors.Join(all...)
}

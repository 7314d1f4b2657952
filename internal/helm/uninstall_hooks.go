package helm

import (
	"errors"
	"slices"
	"time"

	"helm.sh/helm/v3/pkg/kube"
	"helm.sh/helm/v3/pkg/release"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/berth-dev/berth/internal/apifailure"
	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
)

// hookFailures are the hooks of an uninstall that failed. Helm is not told of one that is to be
// skipped, and takes it for one that succeeded.
type hookFailures struct {
	skip   bool
	byText map[string]string // how each hook is called, by its manifest
	failed []result.FailedHook
	left   map[facts.Ref]bool // what they have made: Helm would delete it as what succeeded has made
}

// name notes how the hooks of a release are called.
func (h *hookFailures) name(hooks []*release.Hook) {
	h.byText, h.left = map[string]string{}, map[facts.Ref]bool{}
	for _, hook := range hooks {
		if hook != nil {
			h.byText[hook.Manifest] = facts.Ref{Kind: hook.Kind, Name: hook.Name}.String()
		}
	}
}

// noteFailed takes the failure of a hook into account, and returns nil where it is to be skipped: what
// ends the whole operation is nobody's failure.
func (c *uninstallClient) noteFailed(name string, list kube.ResourceList, err, cause error) error {
	if err == nil || c.untilFenced.Err() != nil || c.operationCtx.Err() != nil || errors.Is(err, apifailure.ErrFenced) {
		return err
	}
	if isUnknown(err) {
		return err
	}
	known := func(f result.FailedHook) bool { return f.Name == name }
	if !slices.ContainsFunc(c.hookFailures.failed, known) {
		c.hookFailures.failed = append(c.hookFailures.failed, result.FailedHook{Name: name, Err: err, Diagnostics: result.DiagnosticsOf(err),
			Skipped: c.hookFailures.skip})
	}
	if !c.hookFailures.skip {
		return err
	}
	for _, info := range list {
		c.hookFailures.left[refOf(info)] = true
	}
	c.log("the hook %s failed and is skipped: %v", name, err)
	c.cause, c.diagnostics = cause, nil // of what else fails
	return nil
}

// isUnknown returns whether an error does not tell how a hook has ended, since nobody has answered. It may be at
// work.
func isUnknown(err error) bool {
	p, ok := errors.AsType[*problem.Problem](withReason(err))
	return ok && p.Reason == problem.Unanswered
}

// Create creates the objects of a hook.
func (c *uninstallClient) Create(list kube.ResourceList) (*kube.Result, error) {
	if len(list) == 0 { // it could not be built
		return &kube.Result{}, nil
	}
	before := c.cause
	if c.within { // what could not be built before can be by now
		if err := beyond(c.release.Namespace, "hook", list); err != nil {
			return nil, err
		}
	}
	res, err := c.client.Create(list)
	if err = c.noteFailed(nameOf(refOf(list[0])), list, err, before); err == nil && res == nil {
		res = &kube.Result{}
	}
	return res, err
}

// WatchUntilReady waits until a hook has run to its end. One that may be skipped does not get
// the time that the rest needs.
func (c *uninstallClient) WatchUntilReady(list kube.ResourceList, timeout time.Duration) error {
	if len(list) == 0 || c.hookFailures.left[refOf(list[0])] {
		return nil
	}
	if until, ok := c.operationCtx.Deadline(); ok && c.hookFailures.skip {
		timeout = min(timeout, time.Until(until)/2)
	}
	before := c.cause
	err := c.client.WatchUntilReady(list, timeout)
	if p, ok := errors.AsType[*problem.Problem](err); ok && p.Reason == problem.PermissionMissing {
		return err // it may not be looked at, and may be at work
	}
	return c.noteFailed(nameOf(refOf(list[0])), list, err, before)
}

// Delete deletes what a hook has made, as its delete policy says. What a hook that failed has made
// is left, to be looked at.
func (c *uninstallClient) Delete(list kube.ResourceList) (*kube.Result, []error) {
	list = list.Filter(func(info *resource.Info) bool { return !c.hookFailures.left[refOf(info)] })
	if len(list) == 0 {
		return &kube.Result{}, nil
	}
	before := c.cause
	res, errs := c.client.Delete(list)
	if err := errors.Join(errs...); err != nil && c.noteFailed(nameOf(refOf(list[0])), nil, err, before) == nil {
		return &kube.Result{}, nil
	}
	return res, errs
}

// buildHook builds the objects of a hook. One that is to be skipped has none where it cannot be built.
func (c *uninstallClient) buildHook(text string, build func() (kube.ResourceList, error)) (kube.ResourceList, error) {
	before := c.cause
	list, err := build()
	return list, c.noteFailed(c.hookFailures.byText[text], nil, err, before)
}

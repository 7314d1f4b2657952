package helm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/kube"
	"helm.sh/helm/v3/pkg/release"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/helm/record"
	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
)

// Test runs the tests of the last revision, as helm test does: its hooks of that event, one
// after the other. The record stays deployed, and notes how each ended. It is not begun where
// a test has the name of an object that is not the release's, or that its manifest has.
func (o *Operations) Test(ctx context.Context) result.Outcome {
	op, err := o.prepare(ctx, newTimeline())
	if err != nil {
		return result.Outcome{Err: err}
	}
	t := action.NewReleaseTesting(op.config)
	t.Namespace = o.opts.Namespace
	t.Timeout = stepTimeout(op.client.operationCtx, o.opts.Timeout)
	c, tests := &testClient{client: op.client, output: o.hookOutput}, 0
	out := op.run(c, func() (*release.Release, error) {
		last, err := op.config.Releases.Last(o.opts.Release)
		if err != nil {
			return nil, fmt.Errorf("read the last revision of release %s to test it: %w", o.opts.Release, err)
		}
		hooks := record.Hooks(last.Hooks)
		tests = len(hooksAt(hooks, release.HookTest))
		if tests == 0 {
			return last, nil
		}
		c.hookObjects.record(c.release, hooks)
		refused, texts := fmt.Sprintf("Release `%s` is deployed and was not tested", o.opts.Release), hooksAt(hooks, release.HookTest)
		if err := refuseApp(c.release, refused, last.Manifest, texts); err != nil {
			return nil, err
		}
		if err := refuseTakenHooks(c.client, refused, texts); err != nil {
			return nil, err
		}
		return t.Run(o.opts.Release)
	})
	if !out.Cut { // else Helm's goroutine may still write to it
		out.Tests = tests
	}
	return out
}

// refuseApp returns a *problem.Problem with the headline refused where a test has the name of an
// object of the manifest. It would replace that, and may delete it once it has passed, after the
// release was proven to be as the manifest says.
func refuseApp(r ownership.Release, refused, stored string, tests []string) error {
	nameOf := func(o *unstructured.Unstructured) facts.Ref {
		ref := hookRef(r, o)
		ref.APIVersion = o.GroupVersionKind().Group // in whichever version
		return ref
	}
	objects, err := manifest.Parse(stored)
	if err != nil {
		return err
	}
	app := map[facts.Ref]bool{}
	for _, o := range objects {
		app[nameOf(o)] = true
	}
	var taken []error
	for _, text := range tests {
		made, err := manifest.Parse(text)
		if err != nil {
			continue // which is left to Helm, that says why
		}
		for _, o := range made {
			if app[nameOf(o)] {
				taken = append(taken, fmt.Errorf("%s is an object of the app", manifest.RefOf(o)))
			}
		}
	}
	if cause := errors.Join(taken...); cause != nil {
		return &problem.Problem{Reason: problem.Foreign, Headline: refused + ": a test of it would replace what the manifest has.",
			Cause: cause, Next: "Rename the test's object in the chart. Nothing was touched."}
	}
	return nil
}

// testClient is the client of a test, which makes hooks alone.
type testClient struct {
	*client
	output func(namespace, pod, container string) io.Writer
}

// WatchUntilReady prints what a test has said once it has passed. Of one that failed, the
// diagnostics tell. A log that cannot be read fails nothing.
func (c *testClient) WatchUntilReady(list kube.ResourceList, timeout time.Duration) error {
	if err := c.client.WatchUntilReady(list, timeout); err != nil {
		return err
	}
	for _, o := range manifests(list) {
		options := metav1.ListOptions{LabelSelector: jobName + o.GetName()}
		if o.GetKind() == "Pod" {
			options = metav1.ListOptions{FieldSelector: "metadata.name=" + o.GetName()}
		}
		namespace := cmp.Or(o.GetNamespace(), c.release.Namespace)
		pods, err := c.GetPodList(namespace, options)
		if err == nil {
			err = c.OutputContainerLogsForPodList(pods, namespace, c.output)
		}
		if err != nil {
			c.log("the log of the test %s is not shown: %v", o.GetName(), err)
		}
	}
	return nil
}

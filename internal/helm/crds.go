package helm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/kube"
	"helm.sh/helm/v3/pkg/releaseutil"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/berth-dev/berth/internal/apifailure"
	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/problem"
)

// installCRDs creates what the chart's crds folders hold, as Helm does at the
// start of an install, and then discovers the API server's capabilities anew. Helm's
// upgrade creates none: what a later version of the chart brings would be missing for
// ever (https://github.com/helm/helm/issues/6581). CRDs that exist stay as they are.
// Helm creates the documents of one file together and, when one exists, takes all of
// the file for existing; here each is created by itself.
func (o *Operations) installCRDs(op *operation, values map[string]any) error {
	ch, err := o.chart.archive.Load() // Helm's install gets one of its own
	if err != nil || len(ch.CRDObjects()) == 0 {
		return err
	}
	if err := chartutil.ProcessDependenciesWithMerge(ch, values); err != nil { // drops disabled dependencies
		return err
	}
	op.client.timeline.enter("Make the CRDs of the chart")
	ctx, cancel := context.WithTimeout(op.client.untilFenced, stepTimeout(op.client.operationCtx, o.opts.Timeout))
	defer cancel()
	mapper, err := op.backend.Getter.ToRESTMapper()
	if err != nil {
		return err
	}
	c := crdClient{client: op.client, mapper: mapper}
	wanted, err := c.buildAll(ch.CRDObjects())
	if err != nil {
		return err
	}
	for _, info := range wanted {
		op.client.definitions = append(op.client.definitions, info.Name)
	}
	if wanted = wanted.Filter(c.mayBeMissing); len(wanted) == 0 {
		return nil
	}
	created, err := c.createMissing(wanted)
	if err != nil {
		return err
	}
	if err := c.waitServed(ctx, wanted, created); err != nil {
		return err
	}
	op.config.Capabilities, err = discoverCapabilities(op.backend.Getter)
	return err
}

// definitionsOf returns the names of the definitions in the crds folder of a chart as a record
// has it, which leaves out those of its dependencies. What cannot be read has none.
func definitionsOf(ch *helmchart.Chart) (names []string) {
	if ch == nil {
		return nil
	}
	for _, f := range ch.CRDObjects() {
		objects, err := manifest.Parse(string(f.File.Data))
		if err != nil {
			continue
		}
		for _, o := range objects {
			if manifest.IsDefinition(o.GroupVersionKind().GroupKind()) {
				names = append(names, o.GetName())
			}
		}
	}
	return names
}

// crdClient creates custom resource definitions.
type crdClient struct {
	*client
	mapper meta.RESTMapper
}

// buildAll builds each document of the files by itself.
func (c crdClient) buildAll(files []helmchart.CRD) (kube.ResourceList, error) {
	var all kube.ResourceList
	for _, f := range files {
		for _, document := range releaseutil.SplitManifests(string(f.File.Data)) {
			infos, err := c.Build(strings.NewReader(document), false)
			if err != nil {
				return nil, &problem.Problem{Reason: problem.ChartInvalid, Tried: "read " + f.Filename + " of the chart", Cause: err,
					Next: "Correct the file, or bring it to an API version that this cluster has. Nothing was made."}
			}
			all = append(all, infos...)
		}
	}
	return all, refuseOthers(all)
}

// refuseOthers refuses what is no definition: it would be made without the release's marks.
func refuseOthers(built kube.ResourceList) error {
	for _, info := range built {
		if !manifest.IsDefinition(info.Mapping.GroupVersionKind.GroupKind()) {
			return &problem.Problem{Reason: problem.ChartInvalid, Tried: "read the crds folders of the chart",
				Cause: fmt.Errorf("they hold %s, which is no CustomResourceDefinition", nameOf(refOf(info))),
				Next:  "Move it to templates. Nothing was made."}
		}
	}
	return nil
}

// createMissing creates in parallel the CRDs that do not exist. It returns what it
// created even when some are refused.
func (c crdClient) createMissing(wanted kube.ResourceList) (created kube.ResourceList, err error) {
	isNew, errs := make([]bool, len(wanted)), make([]error, len(wanted))
	var calls errgroup.Group
	calls.SetLimit(parallelRequests)
	for i, info := range wanted {
		calls.Go(func() error {
			isNew[i], errs[i] = c.createOne(info)
			return nil // errs has it
		})
	}
	_ = calls.Wait()
	for i, info := range wanted {
		if isNew[i] {
			created = append(created, info)
		}
	}
	err = errors.Join(errs...)
	var refusal *problem.Problem
	if errors.As(err, &refusal) && len(created) > 0 {
		refusal.Next += " Made already, and left in place: " + strings.Join(names(refs(created)), ", ") + "."
	}
	return created, err
}

// createOne creates a CRD, or returns false where it exists. One that another run
// creates at the same moment counts as created, so that it is waited for. Many users who
// deploy into one namespace may not read CRDs: then a CRD exists when the API
// server serves its kind.
func (c crdClient) createOne(info *resource.Info) (created bool, err error) {
	helper := resource.NewHelper(info.Client, info.Mapping).WithFieldManager(fieldManager)
	_, readErr := helper.Get(info.Namespace, info.Name)
	switch {
	case readErr == nil:
		return false, nil
	case apierrors.IsForbidden(readErr) && slices.ContainsFunc(servedKinds(info), c.knows):
		return false, nil
	case !apierrors.IsForbidden(readErr) && !apierrors.IsNotFound(readErr):
		return false, c.refusal(info, "read", readErr)
	}
	_, err = helper.Create(info.Namespace, true, info.Object)
	if err == nil || apierrors.IsAlreadyExists(err) { // another run has just created it
		return true, nil
	}
	refusal := c.refusal(info, "create", err)
	if apierrors.IsForbidden(readErr) {
		refusal.Missing = append(refusal.Missing, c.refusal(info, "read", readErr).Missing...)
	}
	return false, refusal
}

func (c crdClient) refusal(info *resource.Info, verb string, err error) *problem.Problem {
	p := problem.Of(apifailure.Classify(err, fmt.Sprintf("%s %s of the chart's crds folder", verb, nameOf(refOf(info)))))
	if apierrors.IsInvalid(err) || apierrors.IsBadRequest(err) {
		p.Reason, p.Next = problem.ChartInvalid, "Correct it in the chart; the API server says what it does not accept."
	}
	return p
}

// waitServed waits until the created CRDs are established and the API server
// lists their kinds, which it does somewhat later. It discovers the kinds anew
// until then, unless the mapper knows all wanted kinds already.
func (c crdClient) waitServed(ctx context.Context, wanted, created kube.ResourceList) error {
	if len(created) > 0 {
		if _, err := c.waiter.WaitForReady(ctx, applied(created), false); err != nil {
			return notServed(err)
		}
	}
	if c.knowsAll(wanted) {
		return nil
	}
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for {
		meta.MaybeResetRESTMapper(c.mapper) // and with it the run's discovery cache
		if c.knowsAll(created) {
			return nil
		}
		select {
		case <-ctx.Done():
			return notServed(context.Cause(ctx))
		case <-tick.C:
		}
	}
}

func notServed(cause error) error {
	return &problem.Problem{Reason: problem.DeployFailed, Tried: "wait until the API server serves the chart's CRDs", Cause: cause,
		Next: "See the conditions of these CRDs: another one may have the same names. Nothing else was made."}
}

// mayBeMissing reports whether an object may have to be created: not a CRD all of
// whose kinds the API server serves.
func (c crdClient) mayBeMissing(info *resource.Info) bool {
	served := servedKinds(info)
	return len(served) == 0 || slices.ContainsFunc(served, func(k schema.GroupVersionKind) bool { return !c.knows(k) })
}

func (c crdClient) knowsAll(list kube.ResourceList) bool {
	return !slices.ContainsFunc(list, func(info *resource.Info) bool { return len(servedKinds(info)) > 0 && c.mayBeMissing(info) })
}

func (c crdClient) knows(k schema.GroupVersionKind) bool {
	_, err := c.mapper.RESTMapping(k.GroupKind(), k.Version)
	return err == nil
}

// servedKinds returns the kinds that a custom resource definition asks the API
// server to serve, none for another object or a malformed one.
func servedKinds(info *resource.Info) []schema.GroupVersionKind {
	definition, ok := info.Object.(*unstructured.Unstructured)
	if !ok {
		return nil
	}
	return manifest.DefinedKinds(definition)
}

package helm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	"helm.sh/helm/v3/pkg/action"
	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/kube"
	"helm.sh/helm/v3/pkg/releaseutil"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/berth-dev/berth/internal/apifailure"
	"github.com/berth-dev/berth/internal/problem"
)

// installCRDs makes what the chart's crds folders hold, as Helm does at the
// start of an install: what exists stays as it is. Helm makes a file's documents
// together and, when one of them exists, takes that for all of the file. Here
// each stands alone.
func (r *Releases) installCRDs(ctx context.Context, cfg *action.Configuration, c *client, values map[string]any) error {
	ch, err := r.archive.Load() // Helm gets one of its own
	if err != nil || len(ch.CRDObjects()) == 0 {
		return err
	}
	if err := chartutil.ProcessDependenciesWithMerge(ch, values); err != nil { // drops those that are off
		return err
	}
	c.enter("Make the CRDs of the chart")
	ctx, cancel := context.WithTimeout(c.ctx, stepTime(ctx, r.opts.Timeout))
	defer cancel()
	mapper, err := cfg.RESTClientGetter.ToRESTMapper()
	if err != nil {
		return err
	}
	d := definitions{client: c, mapper: mapper}
	wanted, err := d.build(ch.CRDObjects())
	if err != nil {
		return err
	}
	made, err := d.ensure(wanted)
	if err != nil {
		return err
	}
	if err := d.await(ctx, wanted, made); err != nil {
		return err
	}
	cfg.Capabilities, err = capabilitiesOf(cfg.RESTClientGetter)
	return err
}

// definitions makes custom resource definitions.
type definitions struct {
	*client
	mapper meta.RESTMapper
}

// build reads each document by itself.
func (d definitions) build(files []helmchart.CRD) (kube.ResourceList, error) {
	var all kube.ResourceList
	for _, f := range files {
		for _, document := range releaseutil.SplitManifests(string(f.File.Data)) {
			infos, err := d.Client.Build(strings.NewReader(document), false)
			if err != nil {
				return nil, &problem.Problem{Reason: problem.ChartInvalid, Tried: "read " + f.Filename + " of the chart", Cause: err,
					Next: "Correct the file, or bring it to an API version that this cluster has. Nothing was made."}
			}
			all = append(all, infos...)
		}
	}
	return all, nil
}

// ensure makes those that do not exist, all at once, and names what it made even
// when some are refused.
func (d definitions) ensure(wanted kube.ResourceList) (made kube.ResourceList, err error) {
	news, errs := make([]bool, len(wanted)), make([]error, len(wanted))
	var calls errgroup.Group
	calls.SetLimit(parallelCalls)
	for i, info := range wanted {
		calls.Go(func() error {
			news[i], errs[i] = d.create(info)
			return nil
		})
	}
	_ = calls.Wait() // each keeps its own error
	for i, info := range wanted {
		if news[i] {
			made = append(made, info)
		}
	}
	err = errors.Join(errs...)
	var refusal *problem.Problem
	if errors.As(err, &refusal) && len(made) > 0 {
		refusal.Next += " Made already, and left in place: " + strings.Join(names(refs(made)), ", ") + "."
	}
	return made, err
}

// create makes one, or finds that it exists. Where it may not be read, a kind
// that the API server serves speaks for it: many a user who deploys into one
// namespace is not allowed to look at CRDs.
func (d definitions) create(info *resource.Info) (made bool, err error) {
	helper := resource.NewHelper(info.Client, info.Mapping).WithFieldManager(fieldManager)
	_, unread := helper.Get(info.Namespace, info.Name)
	switch {
	case unread == nil:
		return false, nil
	case apierrors.IsForbidden(unread) && slices.ContainsFunc(kinds(info), d.knows):
		return false, nil
	case !apierrors.IsForbidden(unread) && !apierrors.IsNotFound(unread):
		return false, d.refuse(info, "read", unread)
	}
	_, err = helper.Create(info.Namespace, true, info.Object)
	if err == nil || apierrors.IsAlreadyExists(err) { // by another run, this very moment
		return true, nil
	}
	refusal := d.refuse(info, "create", err)
	if apierrors.IsForbidden(unread) {
		refusal.Missing = append(refusal.Missing, d.refuse(info, "read", unread).Missing...)
	}
	return false, refusal
}

func (d definitions) refuse(info *resource.Info, verb string, err error) *problem.Problem {
	p := problem.Of(apifailure.Classify(err, fmt.Sprintf("%s %s of the chart's crds folder", verb, names(refs(kube.ResourceList{info}))[0])))
	if apierrors.IsInvalid(err) || apierrors.IsBadRequest(err) {
		p.Reason, p.Next = problem.ChartInvalid, "Correct it in the chart; the API server says what it does not accept."
	}
	return p
}

package helm

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"
	"helm.sh/helm/v3/pkg/kube"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/berth-dev/berth/internal/apifailure"
	"github.com/berth-dev/berth/internal/contents"
	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
)

// Preview tells what a deploy of the chart, as it was rendered last, would make of the objects, and changes
// nothing. Each write is sent to be tried alone, which the API server calls a dry run: it answers with what
// would be stored, defaults and admission included, or with why it would not take it.
func (o *Operations) Preview(ctx context.Context, deploy facts.Preview) (*result.Changes, error) {
	op, err := o.prepare(ctx, newTimeline())
	if err != nil {
		return nil, err
	}
	p := &preview{client: op.client, deploy: deploy, foreign: map[facts.Ref]string{}, makesWay: map[facts.Ref]bool{}}
	defer p.cacheGets()() // whose an object is, and what would become of it, is told of one reading
	p.hookObjects.leaveOut(p.release, o.chart.hooks, eventsOf(deploy.Mode)...)
	refused := fmt.Sprintf("Release `%s` would not be deployed", p.release.Name)
	if err := refuseTakenHooks(p.client, refused, o.chart.hooksIn(deploy.Mode)); err != nil {
		return nil, err
	}
	if deploy.Mode != facts.ModeUpgrade {
		p.leavings.accepted = facts.Baseline{} // as in install
	}
	original, err := p.before()
	if err != nil {
		return nil, err
	}
	p.runHooks(o.chart.hooksIn(deploy.Mode))
	p.tryAll(p.definitionsOf(o.chart.defined), func(info *resource.Info) { p.define(info) })
	target := p.build(o.chart.rendered)
	p.original, p.scaled = original, contents.Autoscaled(manifests(target))
	if err := p.lookWhose(ctx, op.backend.Core, target); err != nil {
		return nil, err
	}
	needed := p.neededBy(target, original)
	p.holdKeptLater(&needed, original)
	dropped := original.Difference(target)
	before := buildFailedRevisions(p.client, deploy.Failed).over(original, target, p.log)
	p.tryAll(target, func(info *resource.Info) { p.apply(info, before.Get(info)) })
	p.dropAll(dropped, needed)
	return p.changes.list(true), errors.Join(p.lost...)
}

// preview is a deploy of which nothing is written.
type preview struct {
	*client
	deploy facts.Preview
	scaled contents.Scaled
	// original is what the deploy starts from, and foreign why a deploy would not write to objects that are there.
	original kube.ResourceList
	foreign  map[facts.Ref]string
	makesWay map[facts.Ref]bool // what a deploy deletes before, to make the chart's
	lost     []error            // of requests that nobody has answered
}

// before builds the objects of the revision that the deploy starts from.
func (p *preview) before() (kube.ResourceList, error) {
	if p.deploy.From == "" {
		return nil, nil
	}
	built, err := p.buildStored(p.deploy.From, false)
	if err == nil {
		p.buildMade(built, p.deploy.From)
	}
	return built, err
}

// build builds the chart's objects as they would be written: with the release as their owner. One that cannot be
// built is of a kind that the API server does not have yet.
func (p *preview) build(documents []string) (all kube.ResourceList) {
	for _, text := range documents {
		built, err := p.Build(strings.NewReader(text), false)
		if err != nil {
			p.unbuilt(text, err)
			continue
		}
		for _, info := range built {
			if o, ok := info.Object.(*unstructured.Unstructured); ok {
				o.SetLabels(ownership.Merge(o.GetLabels(), p.release.Labels()))
				o.SetAnnotations(ownership.Merge(o.GetAnnotations(), p.release.Annotations()))
			}
		}
		all = append(all, built...)
	}
	return all
}

func (p *preview) unbuilt(text string, err error) {
	objects, parseErr := manifest.Parse(text)
	if parseErr != nil {
		return // nothing is made of it
	}
	for _, o := range objects {
		p.changes.add(facts.Change{Ref: manifest.RefOf(o), Action: facts.ActionUnknown, Why: err.Error()})
	}
}

// definitionsOf builds what the chart's crds folders hold.
func (p *preview) definitionsOf(documents []string) (all kube.ResourceList) {
	for _, text := range documents {
		if built, err := p.Build(strings.NewReader(text), false); err == nil {
			all = append(all, built...)
		}
	}
	return all
}

func (p *preview) runHooks(texts []string) {
	for _, text := range texts {
		objects, err := manifest.Parse(text)
		if err != nil {
			continue // which is left to Helm, that says why
		}
		for _, o := range objects {
			p.changes.add(facts.Change{Ref: hookRef(p.release, o), Action: facts.ActionRun})
		}
	}
}

// tryAll tries what would be written in parallel.
func (p *preview) tryAll(list kube.ResourceList, try func(*resource.Info)) {
	var calls errgroup.Group
	calls.SetLimit(parallelRequests)
	for _, info := range list {
		calls.Go(func() error {
			try(info)
			return nil // p.changes has it
		})
	}
	_ = calls.Wait()
}

// define tells of a definition in a crds folder: one that exists stays as it is.
func (p *preview) define(info *resource.Info) {
	if live, ok := p.read(info); ok && live == nil {
		p.create(info)
	}
}

// apply tells what a deploy would make of an object of the chart. was is what it started from, nil: nothing.
func (p *preview) apply(info, was *resource.Info) {
	live, ok := p.read(info)
	switch {
	case !ok:
		return
	case live == nil:
		p.create(info)
		return
	}
	if p.makesWay[refOf(info)] {
		p.changes.add(facts.Change{Ref: refOf(info), Action: facts.ActionCreate})
		return
	}
	if why := p.theirs(info, live); why != "" {
		p.changes.add(facts.Change{Ref: refOf(info), Action: facts.ActionRefused, Foreign: true, Why: why})
		return
	}
	m := &mended{leavings: p.leavings, info: info, want: manifests(kube.ResourceList{info})[0], scaled: p.scaled}
	if was != nil {
		m.was = manifests(kube.ResourceList{was})[0]
	}
	if m.isAsBefore(live) {
		p.changes.same()
		return
	}
	after, err := m.tried(live)
	if err != nil {
		p.refused(refOf(info), err)
		return
	}
	p.changes.wrote(refOf(info), live, after)
}

// read reads an object; nil is none. It returns false where that cannot be told, and notes why.
func (p *preview) read(info *resource.Info) (live *unstructured.Unstructured, ok bool) {
	if p.deploy.Absent && info.Namespace == p.release.Namespace {
		return nil, true
	}
	live, err := p.readLive(info)
	if err != nil {
		p.unknown(refOf(info), err)
	}
	return live, err == nil
}

// create tries to make an object that is not there. In a namespace that is not there either nothing can be tried.
func (p *preview) create(info *resource.Info) {
	if !p.deploy.Absent || info.Namespace != p.release.Namespace {
		want := info.Object.DeepCopyObject() // an answer must not take its place
		answer, err := resource.NewHelper(info.Client, info.Mapping).DryRun(true).WithFieldManager(fieldManager).
			Create(info.Namespace, true, want)
		if err != nil {
			p.refused(refOf(info), err)
			return
		}
		if made, ok := answer.(*unstructured.Unstructured); ok {
			p.sensitive.Object(made) // admission may have put something into it
		}
	}
	p.changes.add(facts.Change{Ref: refOf(info), Action: facts.ActionCreate})
}

// refused notes why the API server would not take a write, or that it could not be tried.
func (p *preview) refused(ref facts.Ref, err error) {
	if !isVerdict(err) {
		p.unknown(ref, err)
		return
	}
	p.changes.add(facts.Change{Ref: ref, Action: facts.ActionRefused, Why: whyOf(err)})
}

func (p *preview) unknown(ref facts.Ref, err error) {
	if apifailure.IsUnanswered(err) {
		p.changes.mu.Lock()
		p.lost = append(p.lost[:min(len(p.lost), 1)], err) // one of them is enough to tell
		p.changes.mu.Unlock()
	}
	p.changes.add(facts.Change{Ref: ref, Action: facts.ActionUnknown, Why: whyOf(err)})
}

// whyOf returns why a request was refused, without how it is told by itself.
func whyOf(err error) string {
	if p := problem.Of(apifailure.Classify(err, "try it")); p != nil && p.Cause != nil {
		return p.Cause.Error()
	}
	return err.Error()
}

// isVerdict returns whether an error says that the write itself would be refused. A webhook that does not let
// itself be tried says nothing of it, nor does a server that is at its limit.
func isVerdict(err error) bool {
	switch {
	case apierrors.IsBadRequest(err) && strings.Contains(err.Error(), "does not support dry run"):
		return false
	case apierrors.IsInvalid(err), apierrors.IsForbidden(err), apierrors.IsBadRequest(err), apierrors.IsRequestEntityTooLargeError(err),
		apierrors.IsMethodNotSupported(err), apierrors.IsNotAcceptable(err), apierrors.IsUnsupportedMediaType(err):
		return true
	}
	return false
}

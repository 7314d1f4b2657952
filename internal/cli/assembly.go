package cli

import (
	"context"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/berth-dev/berth/internal/engine"
	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/helm"
	"github.com/berth-dev/berth/internal/helm/chart"
	"github.com/berth-dev/berth/internal/helm/record"
	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/kube"
	"github.com/berth-dev/berth/internal/kube/objects"
	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/verb"
	"github.com/berth-dev/berth/internal/verdict"
)

// assemble returns an engine with everything that it calls, and a function that
// closes all of it. Nothing is sent to the API server yet. aside takes the notes
// that arise outside of the engine.
func (p Process) assemble(ctx context.Context, out console, aside *notes, o *input.Options) (e *engine.Engine, closeAll func(), err error) {
	t, err := newTarget(o)
	if err != nil {
		return nil, nil, err
	}
	conn, err := kube.Connect(ctx, p.kubeOptions(out, aside, o))
	if err != nil {
		return nil, nil, err
	}
	e, closeRooms, err := p.assembleOver(ctx, conn, out, aside, o, t)
	if err != nil {
		conn.Close()
		return nil, nil, err
	}
	return e, func() { closeRooms(); conn.Close() }, nil
}

// assembleOver is assemble over a connection that others may share, for the release of one
// target. It leaves the connection open.
func (p Process) assembleOver(ctx context.Context, conn *kube.Conn, out console, aside *notes, o *input.Options, t target) (
	e *engine.Engine, closeAll func(), err error) {
	var opened closers
	defer func() {
		if err != nil {
			opened.close()
		}
	}()

	p.mask.Name(t.App.App, t.Slug, t.Namespace, t.Release, t.URL, t.Source.Branch, t.Source.Repository)
	t.began, t.ttl, t.main = sync.OnceValue(server{conn}.Now), o.TTL, isDefaultBranch(o)
	store, kind, err := p.openStore(ctx, conn, out, t)
	if err != nil {
		return nil, nil, err
	}
	cache, err := workingFolder()
	if err != nil {
		return nil, nil, err
	}
	opened.add(func() { _ = os.RemoveAll(cache) })

	display := out.display(t.Namespace)
	opened.add(display.Close)
	beside, err := newCompanions(ctx, conn, t, o, p.mask)
	if err != nil {
		return nil, nil, err
	}
	lock := newLocker(conn, t, o, out.debug)
	hide := manifest.NewSensitive(p.mask)
	given := &objects.Given{Dynamic: conn.Dynamic(), Namespace: t.Namespace, Hide: hide.Object, Warn: aside.note}
	operations := backends{conn: conn, target: t, lock: lock, display: display, given: given,
		patience: patience{failFast: o.FailFast, settle: o.Settle, imageWait: o.ImageWait, ignore: o.WaitIgnore}}
	// A deploy takes the same inputs, and takes nothing of others away.
	down := o.Verb == verb.Teardown
	live := releaseObjects{conn, t, o.WaitIgnore, o.DeleteForeign && down, o.DeleteClaims && down, &foresight{}, hide, given}
	helming := p.helmOptions(out, t, o, cache)
	helming.Inside, helming.TakenGo, helming.Warn = live.Inside, down && !o.ByEvent, aside.note
	helming.ForeignGoes = live.foreign
	helming.Rediscover = conn.ResetDiscovery
	releases := helm.New(helming, store, operations.open)

	return &engine.Engine{Options: engineOptions(t, o), Backend: engine.Backend{
		Server:     server{conn},
		Namespaces: newNamespace(conn, t, aside, o),
		Objects:    live,
		Companions: beside,
		Needs:      chartNeeds{conn, t, releases, o},
		Access: permissions{conn: conn, resource: kind.Resource(), namespace: t.Namespace, perBranch: t.PerBranch,
			copies: o.Copies(), quota: o.Quota != "", readOnly: o.Verb == verb.Check},
		Locker:     lock,
		Chart:      releases,
		Operations: releases,
		Records:    releases,
		Runs:       p.ciRuns(out, o),
		URL:        newProbe(t, o),
		Clock:      time.Now,
		Say:        display.Say,
		Phase:      display.Phase,
	}}, opened.close, nil
}

// workingFolder makes the folder that the run's chart is fetched into.
func workingFolder() (string, error) {
	dir, err := os.MkdirTemp("", "berth-")
	if err != nil {
		return "", &problem.Problem{Reason: problem.Internal, Tried: "make a working folder", Cause: err,
			Next: "Check that TMPDIR names a folder that can be written to."}
	}
	return dir, nil
}

// closers are closed in the reverse of the order in which they were added.
type closers []func()

func (c *closers) add(f func()) { *c = append(*c, f) }

func (c *closers) close() {
	for _, f := range slices.Backward(*c) {
		f()
	}
}

func (p Process) kubeOptions(out console, aside *notes, o *input.Options) kube.Options {
	return kube.Options{
		Kubeconfig: pathOrContent(o.Kubeconfig), Context: o.KubeContext,
		Server: o.KubeAPIServer, Token: o.KubeToken.Reveal(), CA: pathOrContent(o.KubeCA),
		UserAgent:      "berth/" + p.Version,
		TriesAlone:     o.Verb == verb.Preflight,
		RequestTimeout: min(o.Timeout, kube.DefaultRequestTimeout),
		Getenv:         p.getenv,
		Warn:           aside.warn,
		Note:           aside.note,
		Hide:           p.mask.Give,
		Log:            out.debug,
	}
}

func pathOrContent(m input.Material) string {
	if m.Path != "" {
		return m.Path
	}
	return m.Content.Reveal()
}

// openStore returns the record store and what kind of object it keeps records in.
// Its context outlives a cancelled run, which still settles its record.
func (p Process) openStore(ctx context.Context, conn *kube.Conn, out console, t target) (*record.Store, record.Kind, error) {
	kind, err := record.ParseDriver(p.getenv("HELM_DRIVER"))
	if err != nil {
		return nil, kind, err
	}
	store, err := record.New(
		record.Clients{Core: conn.Clientset().CoreV1(), Metadata: conn.Metadata()},
		record.Options{
			Kind: kind, Namespace: t.Namespace,
			Stamp: facts.Stamp{Run: t.run}, Identity: t.Identity,
			Annotations: t.onRecords(), OnDeploys: t.onDeploys,
			RunURLAnnotation: ownership.AnnotationRunURL,
			Context:          context.WithoutCancel(ctx), Log: out.debug, Started: time.Now(), Mask: p.mask,
		})
	return store, kind, err
}

func (p Process) helmOptions(out console, t target, o *input.Options, cache string) helm.Options {
	source := chart.Source{Chart: o.Chart, Repo: o.ChartRepo, Version: o.ChartVersion,
		Username: o.RegistryUsername, Password: o.RegistryPassword.Reveal(), RegistryHosts: o.RegistryHosts, RegistryConfig: o.RegistryConfig,
		CAFile: o.CAFile, CacheDir: cache, Log: out.debug, Hide: p.mask.Give}
	if update, err := strconv.ParseBool(o.DependencyUpdate); err == nil {
		source.DependencyUpdate = &update // nil stands for auto
	}
	return helm.Options{
		Release: t.Release, Namespace: t.Namespace, Timeout: o.Timeout, MaxHistory: o.MaxHistory,
		Source: source,
		Values: chart.Values{Files: o.Values, Content: o.ValuesContent.Reveal(), Hide: p.mask.Find,
			Set: o.Set, SetString: o.SetString, SetFile: o.SetFile, SetJSON: o.SetJSON,
			Data: t.Values(), Stdin: p.Stdin},
		SkipSchema: o.SkipSchemaValidation,
		Mask:       p.mask,
		Adopt:      adoptedObjects(o),
		Log:        out.debug,
		AsksAhead:  o.Verb == verb.Preflight || o.Preflight == "full",
		HookOutput: out.hookLog,
	}
}

func engineOptions(t target, o *input.Options) engine.Options {
	return engine.Options{
		App: t.App, Branch: o.Branch, Run: t.run, Flags: identityFlags(o),
		Timeout: o.Timeout, LockTimeout: o.LockTimeout, CheckTimeout: o.CheckTimeout, RBACWait: o.RBACWait,
		Confirm: o.Confirm, MaxHistory: o.MaxHistory, CreateNamespace: o.CreateNamespace,
		Copies: len(o.CopySecrets) > 0, Quota: o.Quota != "",
		For: o.For, Chart: o.Chart != "", Full: o.Preflight == "full", Test: o.HelmTest,
		Probe: probeTime(o), Preflight: o.Preflight != "off", WaitIgnore: o.WaitIgnore, BreakLock: o.BreakLock,
		SkipFailedHooks: o.SkipFailedHooks,
		Remains:         verdict.RemainPolicy{Hooks: o.DeleteHooks, Claims: o.DeleteClaims},
		Policy: verdict.Policy{
			OnStuck: verdict.OnStuck(o.OnStuck), OnFailure: verdict.OnFailure(o.OnFailure), Adopt: adoption(o), IgnoreDrift: o.IgnoreDrift,
			DeleteForeign: o.DeleteForeign, DeleteKept: o.DeleteKept, NamespaceOwns: o.NamespaceOwns, StripFinalizers: o.StripFinalizers,
			RenamedFrom: o.RenamedFrom, ByName: o.ByName,
			AssumeDeadAfter: o.AssumeDeadAfter, Grace: 2 * o.LockDuration,
		},
	}
}

// adoption returns what of the input adopt is about the release and its namespace.
func adoption(o *input.Options) verdict.Adoption {
	all := slices.Contains(o.Adopt, "all")
	return verdict.Adoption{Release: all || slices.Contains(o.Adopt, "true"), Namespace: all || slices.Contains(o.Adopt, "namespace")}
}

// adoptedObjects returns the patterns of the objects that the input adopt names.
func adoptedObjects(o *input.Options) (patterns []string) {
	for _, item := range o.Adopt {
		switch {
		case item == "all":
			patterns = append(patterns, "*/*")
		case strings.Contains(item, "/"):
			patterns = append(patterns, item)
		}
	}
	return patterns
}

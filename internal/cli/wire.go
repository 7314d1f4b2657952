package cli

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/berth-dev/berth/internal/app"
	"github.com/berth-dev/berth/internal/ci"
	"github.com/berth-dev/berth/internal/engine"
	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/helm"
	"github.com/berth-dev/berth/internal/helm/record"
	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/kube"
	"github.com/berth-dev/berth/internal/kube/lease"
	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/progress"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verb"
)

// wiring is one run's rooms on their way to an engine.
type wiring struct {
	Process
	platform ci.Platform
	display  *progress.Display
	options  *input.Options
	app      app.App
	run      string // hash of the run's URL and attempt
	holder   string // the same for people
	conn     *kube.Conn
	kind     record.Kind
	store    *record.Store
	lease    *lease.Lease // nil until it is held, and without permission on Leases
	noting   sync.Mutex
	notes    []result.Note
}

// perform wires the rooms and runs the verb.
func (p Process) perform(ctx context.Context, platform ci.Platform, screen *progress.Screen, v verb.Verb, o *input.Options) result.Result {
	w := &wiring{Process: p, platform: platform, options: o}
	if p.OwnLogs {
		defer kube.CaptureLogs(func(line string) { w.debug("%s", line) })()
	}
	e, closeAll, err := w.engine(ctx, screen)
	if err != nil {
		p := problem.Of(err)
		r := wrongInput(v, err)
		if r.Reason = p.Reason; r.Reason != problem.WrongInput {
			r.Headline = p.Tried
		}
		if p.Next != "" {
			r.Next = p.Next
		}
		return r
	}
	defer closeAll()
	r := e.Run(ctx, v)
	r.Notes = append(r.Notes, w.noted()...)
	w.debugAudit(r)
	return r
}

// engine makes all that a run stands on. It sends nothing yet.
func (w *wiring) engine(ctx context.Context, screen *progress.Screen) (*engine.Engine, func(), error) {
	if err := w.nameApp(); err != nil {
		return nil, nil, err
	}
	if err := w.connect(); err != nil {
		return nil, nil, err
	}
	if err := w.openStore(ctx); err != nil {
		w.conn.Close()
		return nil, nil, err
	}
	cache, err := os.MkdirTemp("", "berth-")
	if err != nil {
		w.conn.Close()
		return nil, nil, fmt.Errorf("make a working folder: %w; check TMPDIR", err)
	}
	w.display = progress.New(screen, w.platform.Line, w.platform.OneLine, w.app.Namespace)
	releases := helm.New(w.helmOptions(cache), w.store, w.open)
	c := &cluster{conn: w.conn, app: w.app, labels: w.options.NamespaceLabels, clock: time.Now, note: w.note}
	e := &engine.Engine{Options: w.engineOptions(), Backend: engine.Backend{
		Server: c, Namespaces: c, Objects: c,
		Access:     permissions{conn: w.conn, resource: w.kind.Resource(), namespace: w.app.Namespace, perBranch: w.app.PerBranch},
		Locker:     w.locker(),
		Chart:      releases,
		Operations: releases,
		Records:    releases,
		Runs:       ciRuns{ci.NewRuns(w.getenv, ci.Tokens{GitHub: w.options.GitHubToken.Reveal(), GitLab: w.options.GitLabToken.Reveal()}), w.debug},
		Clock:      time.Now,
		Say:        w.display.Say,
	}}
	return e, func() {
		w.display.Close()
		_ = releases.Close()
		_ = os.RemoveAll(cache)
		w.conn.Close()
	}, nil
}

// nameApp names the review app and the run.
func (w *wiring) nameApp() error {
	o := w.options
	w.holder = o.RunURL
	if w.holder == "" {
		host, _ := os.Hostname()
		w.holder = fmt.Sprintf("%s, process %d, started %s", host, os.Getpid(), time.Now().UTC().Format(time.RFC3339Nano))
	}
	// A run of the CI has many jobs, and each of them its own operations.
	w.run = app.RunHash(w.holder+" "+rand.Text(), o.Attempt)
	var err error
	w.app, err = app.New(
		app.Source{Host: o.Host, Repository: o.Repository, HeadRepository: o.HeadRepository, Branch: o.Branch,
			App: o.App, Slug: o.Slug, SHA: o.SHA, PullRequest: o.PullRequest, RunURL: o.RunURL},
		app.Templates{Namespace: o.Namespace, Release: o.Release, URL: o.URL})
	if err != nil {
		return &problem.Problem{Reason: problem.WrongInput, Tried: "name the review app", Cause: err,
			Next: "Give app, slug, namespace or release so that the names fit."}
	}
	return nil
}

func (w *wiring) connect() error {
	o := w.options
	var err error
	w.conn, err = kube.Connect(kube.Options{
		Kubeconfig: material(o.Kubeconfig), Context: o.KubeContext,
		Server: o.KubeAPIServer, Token: o.KubeToken.Reveal(), CA: material(o.KubeCA),
		UserAgent:      "berth/" + w.Version,
		RequestTimeout: min(o.Timeout, kube.DefaultRequestTimeout),
		Getenv:         w.getenv,
		Warn: func(text string) {
			w.note(result.Note{Level: result.LevelWarning, Title: "Warning from the API server", Message: text})
		},
		Log: w.debug,
	})
	return err
}

func material(m input.Material) string {
	if m.Path != "" {
		return m.Path
	}
	return m.Content.Reveal()
}

func (w *wiring) openStore(ctx context.Context) error {
	var err error
	if w.kind, err = record.ParseDriver(w.getenv("HELM_DRIVER")); err != nil {
		return err
	}
	w.store, err = record.New(
		record.Clients{Core: w.conn.Clientset().CoreV1(), Metadata: w.conn.Metadata()},
		record.Options{
			Kind: w.kind, Namespace: w.app.Namespace,
			Stamp: facts.Stamp{Run: w.run}, Identity: w.app.Identity,
			Annotations:      map[string]string{ownership.AnnotationBranch: w.options.Branch, ownership.AnnotationRunURL: w.holder},
			RunURLAnnotation: ownership.AnnotationRunURL,
			Context:          context.WithoutCancel(ctx), Log: w.debug, Started: time.Now(),
		})
	return err
}

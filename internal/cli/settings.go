package cli

import (
	"io"
	"strconv"

	"github.com/berth-dev/berth/internal/engine"
	"github.com/berth-dev/berth/internal/helm"
	"github.com/berth-dev/berth/internal/helm/chart"
	"github.com/berth-dev/berth/internal/verdict"
)

func (w *wiring) helmOptions(cache string) helm.Options {
	o := w.options
	source := chart.Source{Chart: o.Chart, Repo: o.ChartRepo, Version: o.ChartVersion,
		Username: o.RegistryUsername, Password: o.RegistryPassword.Reveal(), RegistryConfig: o.RegistryConfig,
		CAFile: o.CAFile, CacheDir: cache, Log: w.debug}
	if update, err := strconv.ParseBool(o.DependencyUpdate); err == nil {
		source.DependencyUpdate = &update // else "auto": only where they are not vendored
	}
	return helm.Options{
		Release: w.app.Release, Namespace: w.app.Namespace, Timeout: o.Timeout, MaxHistory: o.MaxHistory,
		Source: source,
		Values: chart.Values{Files: o.Values, Set: o.Set, SetString: o.SetString, SetFile: o.SetFile, SetJSON: o.SetJSON,
			Data: w.app.Values()},
		Log:        w.debug,
		Rediscover: w.conn.ResetDiscovery,
		HookOutput: func(pod, container string) io.Writer { return hookLog{w, pod + "/" + container} },
	}
}

func (w *wiring) engineOptions() engine.Options {
	o := w.options
	return engine.Options{
		App: w.app, Branch: o.Branch, Run: w.run,
		Timeout: o.Timeout, LockTimeout: o.LockTimeout, CheckTimeout: o.CheckTimeout, RBACWait: o.RBACWait,
		Confirm: o.Confirm, MaxHistory: o.MaxHistory, CreateNamespace: o.CreateNamespace,
		Preflight: o.Preflight != "off",
		Policy: verdict.Policy{
			OnStuck: verdict.OnStuck(o.OnStuck), OnFailure: verdict.OnFailure(o.OnFailure), Adopt: o.Adopt,
			AssumeDeadAfter: o.AssumeDeadAfter, Grace: 2 * o.LockDuration,
		},
	}
}

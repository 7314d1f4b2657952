package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/cli/values"
	"helm.sh/helm/v3/pkg/getter"
	helmrelease "helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage"
	"helm.sh/helm/v3/pkg/storage/driver"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericclioptions"
)

// helm is Helm itself, put together as its own command line does it: nothing of
// Berth is in it.
type helm struct {
	config *action.Configuration
	tenant tenant
	log    []string // what `helm --debug` would print
}

func (d *demo) helm(at tenant) (*helm, error) {
	h := &helm{config: new(action.Configuration), tenant: at}
	flags := genericclioptions.NewConfigFlags(true)
	cache := filepath.Join(d.dir, "cache")
	flags.KubeConfig, flags.Namespace, flags.CacheDir = &at.account.kubeconfig, &at.namespace, &cache
	err := h.config.Init(flags, at.namespace, "", func(format string, args ...any) {
		h.log = append(h.log, fmt.Sprintf(format, args...))
	})
	if err != nil {
		return nil, fmt.Errorf("setting up Helm: %w", err)
	}
	return h, nil
}

// install is `helm install --wait`.
func (h *helm) install(ctx context.Context, path string, set map[string]any) (*helmrelease.Release, error) {
	chart, err := loader.Load(path)
	if err != nil {
		return nil, fmt.Errorf("loading %s: %w", path, err)
	}
	install := action.NewInstall(h.config)
	install.ReleaseName, install.Namespace = release, h.tenant.namespace
	install.Wait, install.Timeout = true, 2*time.Minute
	return install.RunWithContext(ctx, chart, set)
}

// upgrade is `helm upgrade --wait`.
func (h *helm) upgrade(ctx context.Context, path string, set map[string]any) error {
	chart, err := loader.Load(path)
	if err != nil {
		return fmt.Errorf("loading %s: %w", path, err)
	}
	upgrade := action.NewUpgrade(h.config)
	upgrade.Namespace = h.tenant.namespace
	upgrade.Wait, upgrade.Timeout = true, 2*time.Minute
	_, err = upgrade.RunWithContext(ctx, release, chart, set)
	return err
}

// unreportedError returns the line of Helm's debug log with the error that Helm did
// not return.
func (h *helm) unreportedError() string {
	for _, line := range h.log {
		if strings.Contains(line, "failed to record the release") {
			return line
		}
	}
	return ""
}

// reviewValues are a review app's values, and the flags that give them to Helm.
func (d *demo) reviewValues(host string, more ...string) (merged map[string]any, flags []string, err error) {
	o := values.Options{
		ValueFiles:   []string{filepath.Join(d.examples, "values-review.yaml")},
		StringValues: []string{"host=" + host, "config.BRANCH=" + branch},
		Values:       append(d.images(), more...),
	}
	for _, f := range o.ValueFiles {
		flags = append(flags, "--values", f)
	}
	for _, v := range o.StringValues {
		flags = append(flags, "--set-string", v)
	}
	for _, v := range o.Values {
		flags = append(flags, "--set", v)
	}
	if merged, err = o.MergeValues(getter.Providers{}); err != nil {
		return nil, nil, fmt.Errorf("reading the values: %w", err)
	}
	return merged, flags, nil
}

// images are the values that make the example run on a cluster with real
// containers: a public web server, and a migration that has nothing to do.
func (d *demo) images() []string {
	if d.which == "embedded" {
		return nil
	}
	return []string{"image.repository=ghcr.io/stefanprodan/podinfo", "image.tag=6.7.1", "port=9898", "migration.command={/bin/true}"}
}

// record reads the release's last record as Helm stored it: the status in its
// label and the one in its payload.
func (c *cluster) record(ctx context.Context, namespace string) (label, payload string, err error) {
	secrets := c.client.CoreV1().Secrets(namespace)
	last, err := storage.Init(driver.NewSecrets(secrets)).Last(release)
	if err != nil {
		return "", "", fmt.Errorf("reading the record of release %s in namespace %s: %w", release, namespace, err)
	}
	secret, err := secrets.Get(ctx, recordName(last.Version), metav1.GetOptions{})
	if err != nil {
		return "", "", fmt.Errorf("reading the record of release %s in namespace %s: %w", release, namespace, err)
	}
	return secret.Labels["status"], last.Info.Status.String(), nil
}

func recordName(revision int) string {
	return fmt.Sprintf("sh.helm.release.v1.%s.v%d", release, revision)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	helmrelease "helm.sh/helm/v3/pkg/release"
)

func getStuck(ctx context.Context, d *demo) (err error) {
	if d.stuck, err = d.makeTenant(ctx, "stuck", "get", "list", "create"); err != nil {
		return err
	}
	// The Job that is kept is the proof that the migration ran.
	values, flags, err := d.reviewValues(d.stuck.namespace+".review.example.com", "migration.keep=true")
	if err != nil {
		return err
	}
	h, err := d.helm(d.stuck)
	if err != nil {
		return err
	}
	chart := filepath.Join(d.examples, "web")
	flags = append([]string{release, chart, "--wait", "--namespace", d.stuck.namespace}, flags...)
	d.helmCommand(h, "install", flags)
	if err := d.helmInstall(ctx, h, chart, values); err != nil {
		return err
	}
	d.say("So the pipeline is green. But this is what was stored, and what runs:")
	if err := d.showRecord(ctx, d.stuck.namespace, "pending-install"); err != nil {
		return err
	}
	if d.before, err = d.cluster.webPods(ctx, d.stuck.namespace); err != nil {
		return err
	}
	d.showPods(d.before, "")
	d.say("Helm knew. Only with --debug it says so:")
	if h.unreportedError() == "" {
		return errors.New("nothing in the log of Helm says that it failed to record the release")
	}
	out := d.frame()
	fmt.Fprintln(out, h.unreportedError())
	out.close("logged, and not returned")
	d.say("The next commit arrives:")
	d.helmCommand(h, "upgrade", flags)
	return d.helmUpgrade(ctx, h, chart, values)
}

// helmCommand shows the command line of what the SDK is about to do.
func (d *demo) helmCommand(h *helm, verb string, flags []string) {
	d.command("as "+h.tenant.account.name()+", through Helm's SDK", append([]string{"helm", verb}, flags...)...)
}

// helmInstall installs with Helm alone and fails unless Helm says that all is
// well, which it is not.
func (d *demo) helmInstall(ctx context.Context, h *helm, chart string, values map[string]any) error {
	out := d.frame()
	installed, err := h.install(ctx, chart, values)
	if err != nil {
		return fmt.Errorf("helm install should report success and lose its error, but it said: %w", err)
	}
	fmt.Fprintf(out, "NAME: %s\nSTATUS: %s\nREVISION: %d\n", installed.Name, installed.Info.Status, installed.Version)
	out.close("no error")
	if installed.Info.Status != helmrelease.StatusDeployed {
		return fmt.Errorf("helm install reported %s, but it should be deployed", installed.Info.Status)
	}
	return nil
}

// helmUpgrade fails unless Helm refuses to.
func (d *demo) helmUpgrade(ctx context.Context, h *helm, chart string, values map[string]any) error {
	out := d.frame()
	err := h.upgrade(ctx, chart, values)
	if err == nil {
		return errors.New("helm upgrade should be refused, but it went through")
	}
	if !strings.Contains(err.Error(), "another operation (install/upgrade/rollback) is in progress") {
		return fmt.Errorf("helm upgrade should be refused since another operation is in progress, but it said: %w", err)
	}
	fmt.Fprintf(out, "Error: UPGRADE FAILED: %v\n", err)
	out.close("and so says every upgrade from now on")
	return nil
}

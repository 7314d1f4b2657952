package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// What the review app is called everywhere in the demo.
const (
	repository = "berth-dev/shop"
	branch     = "feature/login"
	app        = "shop"
	release    = "shop"
)

// ended is what a run of Berth left: its report, as a pipeline would keep it.
type ended struct {
	Verdict string `json:"verdict"`
	Repair  string `json:"repair"`
	RBAC    string `json:"rbac"`
	summary string
}

// run runs a verb of Berth in a namespace, shows what it says, and fails unless
// it ends with one of the exit codes. Without an account it is the demo's user.
func (d *demo) run(ctx context.Context, verb, namespace string, as *account, codes []int, flags ...string) (ended, error) {
	d.runs++
	reports := filepath.Join(d.dir, fmt.Sprintf("report-%d", d.runs))
	args := append([]string{verb, "--repository", repository, "--branch", branch, "--app", app,
		"--namespace", namespace, "--release", release}, flags...)
	env := append(environment(), "BERTH_REPORT_DIR="+reports)
	who := ""
	if as != nil {
		env, who = append(env, "KUBECONFIG="+as.kubeconfig), "as "+as.name()
	} else {
		env = append(env, "BERTH_KUBE_CONTEXT="+d.cluster.context)
	}
	d.command(who, append([]string{"bin/berth"}, args...)...)
	code, err := d.perform(ctx, env, args)
	if err != nil {
		return ended{}, err
	}
	if !slices.Contains(codes, code) {
		return ended{}, fmt.Errorf("berth %s ended with exit code %d, but it should be %s", verb, code, strings.Trim(fmt.Sprint(codes), "[]"))
	}
	return readReport(reports)
}

// perform runs the binary in a frame. It is in a process group of its own: a
// terminal's Ctrl-C would reach it beside the signal from here, and the second
// signal ends Berth before it has settled its record.
func (d *demo) perform(ctx context.Context, env, args []string) (code int, err error) {
	out := d.frame()
	cmd := exec.CommandContext(ctx, d.berth, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = env, out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 20 * time.Second
	began := time.Now()
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return 0, fmt.Errorf("running %s: %w", d.berth, err)
	}
	out.close("exit code %d, after %s", cmd.ProcessState.ExitCode(), seconds(time.Since(began)))
	return cmd.ProcessState.ExitCode(), nil
}

// environment is the demo's own without what a CI job would tell Berth: the
// demo may run in one, and is not that job's deploy.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool {
		return slices.ContainsFunc([]string{"CI=", "CI_", "GITHUB_", "GITLAB_", "BERTH_", "INPUT_", "HELM_"},
			func(prefix string) bool { return strings.HasPrefix(v, prefix) })
	})
}

func readReport(dir string) (ended, error) {
	var e ended
	data, err := os.ReadFile(filepath.Join(dir, "report.json"))
	if err != nil {
		return e, fmt.Errorf("reading Berth's report: %w", err)
	}
	if err := json.Unmarshal(data, &e); err != nil {
		return e, fmt.Errorf("reading Berth's report.json: %w", err)
	}
	summary, err := os.ReadFile(filepath.Join(dir, "report.md"))
	if err != nil {
		return e, fmt.Errorf("reading Berth's job summary: %w", err)
	}
	e.summary = string(summary)
	return e, nil
}

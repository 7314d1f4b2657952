//go:build image

package image

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/berth-dev/berth/test/docker"
)

// shell is what GitLab's runner has the image run, to find the best shell it
// has; terminate is what it runs beside it on a cancel.
// https://gitlab.com/gitlab-org/gitlab-runner/-/blob/main/shells/bash.go
const (
	shell = `for sh in /usr/bin/bash /bin/bash /usr/bin/sh /bin/sh; do if [ -x $sh ]; then exec $sh; fi; done; ` +
		`echo shell not found; exit 1`
	terminate = `for P in $(cd /proc && ls -rvd [0-9]*); do
	if [ $$ -ne $P ] && [ $P -ne 1 ]; then
		kill -TERM $P 2>/dev/null && N=6 && while [ -e /proc/$P ] && [ $N -gt 0 ]; do sleep 1 && N=$((N-1)); done
	fi
done`
)

// gitlab is a job of the image: the runner pipes its script into the image's
// shell, where a single eval holds all of it.
func (e engine) gitlab(t *testing.T, variables []string, script string) (job *exec.Cmd, dir string) {
	t.Helper()
	dir = t.TempDir()
	quote := strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`).Replace
	var body strings.Builder
	for _, v := range append(variables, "CI=true", "GITLAB_CI=true", "CI_SERVER_HOST=gitlab.com", "CI_PROJECT_PATH=acme/shop",
		"CI_DEFAULT_BRANCH=main", "CI_COMMIT_BRANCH=feature/x", "CI_COMMIT_SHA=2c5ea4c0", "CI_JOB_URL=https://gitlab.com/acme/shop/-/jobs/1",
		"CI_ENVIRONMENT_NAME=review/feature-x", "BERTH_REPORT_DIR=berth-report") {
		name, value, _ := strings.Cut(v, "=")
		fmt.Fprintf(&body, "export %s=$'%s'\n", name, quote(value))
	}
	fmt.Fprintf(&body, "mkdir -p /builds/acme/shop\ncd /builds/acme/shop\n%s\n", script)
	job = e.Command(nil, "run", "--interactive", "--rm", "--name", container(t), "--network", "host",
		"--volume", dir+":/builds", "--entrypoint", "", image, "sh", "-c", shell)
	job.Stdin = strings.NewReader("trap exit 1 TERM\n" +
		"if set -o | grep pipefail > /dev/null; then set -o pipefail; fi; set -o errexit\nset +o noclobber\n" +
		": | eval $'" + quote(body.String()) + "'\nexit 0\n")
	return job, filepath.Join(dir, "acme/shop")
}

// testGitLabShell goes through what the runner's own parts of a script need.
func (e engine) testGitLabShell(t *testing.T) {
	job, _ := e.gitlab(t, nil, `
printf '%b\n' "section_start:$(date +%s):section_step_script\r\033[0Kit's a section"
test "$(berth version)" = `+version+`
test "$(id -u)" = 0
grep -q 'BEGIN CERTIFICATE' `+docker.Certificates+`
cat << EOF > variables.env
KEY=value
EOF
while read -r line; do export "$line"; done < variables.env
test "$KEY" = value
touch script && chmod 777 script && rm -f script
find . -name '*.env' -type f -exec rm -f {} +
test ! -e variables.env
echo done > "$(mktemp)"
berth check --check-timeout soon`)
	r := docker.Run(t, job)
	if r.Code != 64 || !strings.Contains(r.Stdout, "soon") || !strings.Contains(r.Stdout, ":section_step_script\r\x1b[0Kit's a section\n") {
		t.Errorf("the job: %s", r)
	}
}

// testGitLabCancel cancels the template's stop job.
func (e engine) testGitLabCancel(t *testing.T) {
	const script = "berth teardown"
	if !strings.Contains(read(t, root, ".gitlab-ci-template.yml"), "    - "+script+"\n") {
		t.Fatal("the template takes down in another way")
	}
	server, connected := blackhole(t)
	job, dir := e.gitlab(t, []string{"CI_ENVIRONMENT_ACTION=stop", "BERTH_NAMESPACE=", "BERTH_RELEASE=",
		"BERTH_KUBE_CONTEXT=", "BERTH_KUBE_APISERVER=" + server, "BERTH_KUBE_TOKEN=nobody"}, script)
	wait := docker.Begin(t, job)
	await(t, connected)
	sent := time.Now()
	docker.Run(t, e.Command(nil, "exec", container(t), "sh", "-c", terminate)) // ends with the container
	r := wait()
	took := time.Since(sent)
	t.Logf("ended %s after the cancel", took.Round(time.Millisecond))
	if r.Code == 0 || took > gracePeriod {
		t.Errorf("after %s: %s", took, r)
	}
	if report := read(t, dir, "berth-report/report.json"); !strings.Contains(report, `"exitCode": 143`) {
		t.Errorf("the report is\n%s", report)
	}
	if _, err := os.Stat(filepath.Join(dir, "berth-report/annotations.json")); err != nil {
		t.Error(err)
	}
}

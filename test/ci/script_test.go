//go:build ci

package ci

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/berth-dev/berth/test/docker"
)

// testScript runs the lines of the template's jobs through the image's own shell, and
// nothing else: what the emulator brings along is not there.
func (w *world) testScript(t *testing.T) {
	dir := repository(t, "ci/gl-script", "git@gitlab.com:acme/shop.git", "chart")
	sha := commit(t, dir)
	variables := []string{"CI=true", "GITLAB_CI=true", "CI_SERVER_URL=https://gitlab.com", "CI_SERVER_HOST=gitlab.com",
		"CI_PROJECT_PATH=acme/shop", "CI_DEFAULT_BRANCH=main", "CI_COMMIT_BRANCH=ci/gl-script", "CI_COMMIT_REF_NAME=ci/gl-script",
		"CI_COMMIT_SHA=" + sha, "CI_JOB_URL=https://gitlab.com/acme/shop/-/jobs/1", "CI_PIPELINE_SOURCE=push", "CI_PROJECT_DIR=/builds",
		"KUBECONFIG=/kubeconfig", "BERTH_SET=image.tag={{ .SHA }}", "BERTH_CHART=./chart",
		"BERTH_URL=https://{{ .Slug }}.review.example.com"}
	play := func(job string) (report artifacts) {
		t.Helper()
		args := []string{"run", "--rm", "--network", "host", "--workdir", "/builds", "--volume", dir + ":/builds",
			"--volume", w.kubeconfig + ":/kubeconfig:ro", "--env", "BERTH_REPORT_DIR=berth-report/" + job}
		for _, variable := range variables {
			args = append(args, "--env", variable)
		}
		args = append(args, "--entrypoint", "sh", docker.Image, "-e", "-c", strings.Join(templateJob(t, "review", job).Script, "\n"))
		if r := docker.Run(t, w.engine.Command(nil, args...)); r.Code != 0 {
			t.Fatalf("%s: %s", job, r)
		}
		return artifacts{dir: filepath.Join(dir, "berth-report", job)}
	}
	files := play("review")
	outputs := files.dotenv()
	files.junit(8, 0)
	files.annotations()
	a := app{outputs["BERTH_RESULT_NAMESPACE"], outputs["BERTH_RESULT_RELEASE"]}
	defer w.remove(t, a)
	if stored, running := w.stored(t, a), w.running(t, a); stored != "v1 deployed" || running != sha {
		t.Errorf("stored is %s, and running %s", stored, running)
	}
	stopped := play("stop-review")
	stopped.annotations()
	stopped.report("consistent")
	if !w.gone(t, a) {
		t.Errorf("%v is still there", a)
	}
	for _, wrong := range append(files.wrong, stopped.wrong...) {
		t.Error(wrong)
	}
}

// templated is what is looked at of a job of the template.
type templated struct {
	Script    []string
	Artifacts struct{ Reports map[string]string }
}

// templateJob reads a job of the template that is included as name.
func templateJob(t *testing.T, name, job string) templated {
	t.Helper()
	_, jobs, _ := strings.Cut(read(t, ".gitlab-ci-template.yml"), "\n---\n")
	jobs = regexp.MustCompile(`\$\[\[ inputs\.job \]\]`).ReplaceAllString(jobs, name)
	var all map[string]templated
	if err := yaml.Unmarshal([]byte(jobs), &all); err != nil || len(all[job].Script) == 0 {
		t.Fatalf("the template has no script for %s (%v)", job, err)
	}
	return all[job]
}

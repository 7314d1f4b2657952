//go:build ci

package ci

import (
	"strings"
	"testing"

	"github.com/berth-dev/berth/test/docker"
)

// gitlabCases are run side by side, and the pipelines of each one after the other.
var gitlabCases = []gitlabCase{
	// The example as it is: a push, another one, schedules, and the end of the branch.
	{name: "example", pipeline: gitlabExample, turns: []pipeline{
		{push: true, want: only("review", good("RELEASE=shop REVISION=1", "v1 deployed"))},
		{push: true, want: only("review", good("REVISION=2", "v1 superseded, v2 deployed"))},
		{source: "schedule", want: only("review", good("REVISION=3", "v1 superseded, v2 superseded, v3 deployed"))},
		{source: "schedule", onMain: true, want: only("nightly", jobWant{log: []string{"is permitted"}})},
		{jobs: []string{"stop-review"}, want: only("stop-review", jobWant{verdict: "consistent", gone: "review",
			log: []string{"is gone, and so is its namespace"}})},
	}},
	// The same as a component of the GitLab that the pipeline runs on.
	{name: "component", pipeline: gitlabComponent, turns: []pipeline{
		{push: true, want: only("review", good("RELEASE=shop REVISION=1", "v1 deployed"))},
		{jobs: []string{"stop-review"}, want: only("stop-review", jobWant{verdict: "consistent", gone: "review"})},
	}},
	// The template twice, in two stages, with a job for each that reads what it put out.
	{name: "monorepo", pipeline: monorepo, charts: []string{"shop/chart", "api/chart"}, turns: []pipeline{
		{push: true, want: map[string]jobWant{
			"review":    good("REVISION=1 RELEASE=shop REPORT=berth-report/review/report.json", "v1 deployed"),
			"api":       good("REVISION=1 RELEASE=api REPORT=berth-report/api/report.json", "v1 deployed"),
			"of-review": {log: []string{"given https://ci-gl-monorepo-", ".shop.example.com review-shop-ci-gl-monorepo-", "its report is there"}},
			"of-api":    {log: []string{"given https://ci-gl-monorepo-", ".api.example.com review-api-ci-gl-monorepo-", "its report is there"}},
		}},
		{jobs: []string{"stop-api"}, want: only("stop-api", jobWant{verdict: "consistent", gone: "api", stays: "review"})},
		{jobs: []string{"stop-review"}, want: only("stop-review", jobWant{verdict: "consistent", gone: "review"})},
	}},
	// A deploy that fails says so in the merge request, and the next push mends it.
	{name: "failing", pipeline: gitlabExample, turns: []pipeline{
		{push: true, pods: "image-pull", want: only("review", bad("VERDICT=deploy-failed EXIT_CODE=23", "does not exist"))},
		{push: true, want: only("review", good("REVISION=2", "v1 superseded, v2 deployed"))},
	}},
	// A job that is cancelled in the middle of the rollout settles its record and keeps its
	// report; the next one deploys.
	{name: "cancelled", pipeline: gitlabExample, turns: []pipeline{
		{push: true, pods: "unready", terminate: true, want: only("review", bad("VERDICT=terminated EXIT_CODE=143", "Interrupted by SIGTERM"))},
		{push: true, want: only("review", good("REVISION=2", "v1 failed, v2 deployed"))},
	}},
}

// good is a deploy of the commit that was pushed last, with its eight checks.
func good(outputs, stored string) jobWant {
	return jobWant{outputs: "STATUS=deployed VERDICT=consistent EXIT_CODE=0 " + outputs, checks: 8, stored: stored, runs: true}
}

// bad is a first deploy that fails, which is one check that failed.
func bad(outputs, says string) jobWant {
	return jobWant{fails: true, outputs: "STATUS=failed REVISION=1 " + outputs, checks: 1, failed: 1, stored: "v1 failed", log: []string{says}}
}

// gitlabExample is the example with the template of this checkout and the image that is
// built of it, and a job for the night.
func gitlabExample(t *testing.T) string {
	t.Helper()
	const remote = "remote: https://raw.githubusercontent.com/berth-dev/berth/v1/.gitlab-ci-template.yml\n    inputs:\n"
	text := read(t, "examples/workflows/gitlab.yml")
	if !strings.Contains(text, remote) {
		t.Fatal("the example does not include the template")
	}
	local := "local: .gitlab-ci-template.yml\n    inputs:\n"
	if released == "" { // a release's template names its own image
		local += "      image: " + docker.Image + "\n"
	}
	return strings.Replace(text, remote, local, 1) + `
nightly:
  extends: .berth-review
  rules:
    - if: $CI_PIPELINE_SOURCE == "schedule" && $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
  script:
    - berth preflight --branch $CI_COMMIT_BRANCH
`
}

// gitlabComponent is the example with the component in the template's place. The emulator takes
// a component of the project itself from the checkout.
func gitlabComponent(t *testing.T) string {
	t.Helper()
	const local = "local: .gitlab-ci-template.yml\n"
	text := gitlabExample(t)
	if strings.Count(text, local) != 1 {
		t.Fatal("the example does not include the template once")
	}
	return strings.Replace(text, local, "component: $CI_SERVER_FQDN/acme/shop/berth@$CI_COMMIT_SHA\n", 1)
}

// monorepo includes the template once for each of two charts.
func monorepo(*testing.T) string {
	return strings.ReplaceAll(`stages: [first, second, last]

include:
  - local: .gitlab-ci-template.yml
    inputs:
      image: IMAGE
      stage: first
      chart: ./shop/chart
      url: https://{{ .Slug }}.shop.example.com
      set: image.tag={{ .SHA }}
      kube-context: acme/clusters:review
  - local: .gitlab-ci-template.yml
    inputs:
      image: IMAGE
      job: api
      stage: second
      app: api
      chart: ./api/chart
      url: https://{{ .Slug }}.api.example.com
      set: image.tag={{ .SHA }}
      kube-context: acme/clusters:review

.look:
  stage: last
  image:
    name: IMAGE
    entrypoint: [""]
  script:
    - echo "given $BERTH_RESULT_URL $BERTH_RESULT_NAMESPACE"
    - test "$BERTH_RESULT_STATUS" = deployed
    - test -s "$BERTH_RESULT_REPORT" && echo "its report is there"

of-review:
  extends: .look
  needs: [review]

of-api:
  extends: .look
  needs: [api]
`, "IMAGE", docker.Image)
}

//go:build ci

package ci

import (
	"regexp"
	"strings"
	"testing"
)

// readme is the first workflow of the README.
func readme(t *testing.T) string {
	t.Helper()
	found := regexp.MustCompile("(?s)\\*\\*GitHub\\.\\*\\*.*?```yaml\n(.*?)```").FindStringSubmatch(read(t, "README.md"))
	if found == nil {
		t.Fatal("the README has no workflow")
	}
	return found[1]
}

// example is the whole example.
func example(t *testing.T) string { return known(read(t, "examples/workflows/github.yml")) }

// known is a workflow without the one key that the emulator does not know.
func known(workflow string) string {
	return regexp.MustCompile(`(?m)^      deployment: .*\n`).ReplaceAllString(workflow, "")
}

// with returns the README's workflow with further inputs, whose step can be named.
func with(inputs ...string) func(*testing.T) string {
	return func(t *testing.T) string {
		t.Helper()
		text := strings.Replace(readme(t), "      - uses: berth-dev/berth@v1\n", "      - id: berth\n        uses: berth-dev/berth@v1\n", 1)
		text = strings.Replace(text, "types: [", "types: [labeled, unlabeled, ", 1)
		return text + "          " + strings.Join(inputs, "\n          ") + "\n"
	}
}

// matrix is the README's workflow for the charts of a monorepo.
func matrix(t *testing.T) string {
	t.Helper()
	return strings.NewReplacer(
		"    steps:\n", "    strategy:\n      matrix:\n        app: [shop, api]\n    steps:\n",
		"chart: ./chart\n", "chart: ./${{ matrix.app }}/chart\n",
	).Replace(with("app: ${{ matrix.app }}")(t))
}

func outputs(t *testing.T) string {
	t.Helper()
	return strings.Replace(with("report-dir: out")(t), "    steps:\n", `    outputs:
      url: ${{ steps.berth.outputs.url }}
      verdict: ${{ steps.berth.outputs.verdict }}
      revision: ${{ steps.berth.outputs.revision }}
    steps:
`, 1) + `      - env:
          SEEN: ${{ steps.berth.outputs.verdict }} ${{ steps.berth.outputs.revision }} ${{ steps.berth.outputs.url }}
          REPORT: ${{ steps.berth.outputs.report }}
        run: |
          echo "the step has $SEEN"
          echo "the report has $(grep -o '"deployed"' "$REPORT" | head -n 1)"
  later:
    needs: review
    runs-on: ubuntu-latest
    steps:
      - env:
          SEEN: ${{ needs.review.outputs.verdict }} ${{ needs.review.outputs.revision }} ${{ needs.review.outputs.url }}
        run: echo "the job has $SEEN"
`
}

func softFail(t *testing.T) string {
	t.Helper()
	return with(`soft-fail: "23"`)(t) + `      - env:
          SEEN: ${{ steps.berth.outputs.verdict }} ${{ steps.berth.outputs.exit-code }}
        run: echo "the step has $SEEN"
`
}

// afterHelm is a workflow that deploys with Helm itself, with the step of
// docs/any-release.md after it, and one to mend by hand.
func afterHelm(*testing.T) string {
	const release = `
        with:
          namespace: ${{ vars.NAMESPACE }}
          release: shop
          kubeconfig: ${{ secrets.REVIEW_KUBECONFIG }}
`
	return `on: [pull_request, workflow_dispatch]
jobs:
  review:
    if: github.event_name == 'pull_request'
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - env:
          KUBECONFIG_CONTENT: ${{ secrets.REVIEW_KUBECONFIG }}
        run: |
          echo "$KUBECONFIG_CONTENT" > kubeconfig
          "$HELM" upgrade --install --wait shop ./chart --namespace "${{ vars.NAMESPACE }}" --kubeconfig kubeconfig \
            --set migration.keep=true # the proof that the hook ran
      - id: berth
        uses: berth-dev/berth@v1` + release + `          verb: check
          check-timeout: 1s
  repair:
    if: github.event_name == 'workflow_dispatch'
    runs-on: ubuntu-latest
    steps:
      - id: berth
        uses: berth-dev/berth@v1` + release + `          verb: repair
          on-stuck: promote
          assume-dead-after: 1s
`
}

// commands is the example of commands.
func commands(t *testing.T) string {
	t.Helper()
	return read(t, "examples/workflows/github-commands.yml")
}

//go:build ci

package ci

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// gitlabCase is a project's pipeline and what happens to its branch, push by push.
type gitlabCase struct {
	name     string
	pipeline func(*testing.T) string
	charts   []string // folders that have the example chart: chart, when left out
	turns    []pipeline
}

func (c gitlabCase) branch() string { return "ci/gl-" + c.name }

// pipeline is one run of the pipeline.
type pipeline struct {
	source    string // push, when left out
	onMain    bool   // the pipeline is one of the default branch
	push      bool   // a commit is pushed before
	pods      string // how the pods of what is pushed behave, in the simulated node
	terminate bool   // the job gets a signal in the middle of the rollout
	jobs      []string
	want      map[string]jobWant // by job
}

// jobWant is what is expected of one job.
type jobWant struct {
	fails   bool
	outputs string // of its dotenv file, without BERTH_RESULT_: "STATUS=deployed REVISION=1"
	verdict string // of report.json, where there is no dotenv
	stored  string
	runs    bool   // all pods run the commit that was pushed last
	gone    string // the job whose app is no longer there
	stays   string // the job whose app is there as it was
	checks  int    // testcases of JUnit, failed ones among them
	failed  int
	log     []string
}

func (g *gitlab) play() {
	for i, turn := range g.c.turns {
		if turn.push {
			behave(g.t, g.repo, turn.pods)
			g.commits = append(g.commits, commit(g.t, g.repo))
		}
		branch := g.c.branch()
		if turn.onMain {
			branch = "main"
		}
		git(g.t, g.repo, "checkout", "--quiet", "-B", branch)
		source := turn.source
		if source == "" {
			source = "push"
		}
		log, passed := g.emulate(source, func(ended <-chan struct{}) {
			if turn.terminate && g.awaitRollout(g.t, g.head(), ended) {
				g.terminate()
			}
		}, turn.jobs...)
		if got, want := slices.Sorted(maps.Keys(passed)), slices.Sorted(maps.Keys(turn.want)); !slices.Equal(got, want) {
			g.t.Fatalf("pipeline %d: the jobs %q ran, want %q\n%s", i+1, got, want, log)
		}
		for _, name := range slices.Sorted(maps.Keys(turn.want)) {
			for _, wrong := range g.judge(name, logOf(log, name), passed[name], turn.want[name]) {
				g.t.Errorf("pipeline %d, job %s: %s", i+1, name, wrong)
			}
		}
		if g.t.Failed() {
			g.t.Fatalf("the pipeline:\n%s", log)
		}
	}
}

// head is the commit that was pushed last.
func (g *gitlab) head() string { return g.commits[len(g.commits)-1] }

// judge says what of a job is not as it should be.
func (g *gitlab) judge(name, log string, passed bool, want jobWant) (wrong []string) {
	if passed == want.fails {
		wrong = append(wrong, fmt.Sprintf("passed is %t", passed))
	}
	for _, text := range want.log {
		if !strings.Contains(log, text) {
			wrong = append(wrong, "the log lacks "+text)
		}
	}
	kept, review := filepath.Join(g.repo, ".gitlab-ci-local/artifacts", name), strings.TrimPrefix(name, "stop-")
	files := artifacts{dir: filepath.Join(kept, "berth-report", review)} // where the deploy job writes, too
	if want.outputs != "" {
		outputs := files.dotenv()
		for pair := range strings.FieldsSeq(want.outputs) {
			output, value, _ := strings.Cut(pair, "=")
			if got, ok := outputs["BERTH_RESULT_"+output]; !ok || got != value {
				files.miss("%s is %q (there: %t), want %q", output, got, ok, value)
			}
		}
		files.junit(want.checks, want.failed)
		g.apps[name] = app{outputs["BERTH_RESULT_NAMESPACE"], outputs["BERTH_RESULT_RELEASE"]}
	}
	if want.outputs != "" || want.verdict != "" {
		files.annotations()
		// The emulator takes of these the dotenv file alone.
		for report, path := range templateJob(g.t, review, name).Artifacts.Reports {
			if _, err := os.Stat(filepath.Join(kept, path)); err != nil {
				files.miss("the report %s: %v", report, err)
			}
		}
	}
	if want.verdict != "" {
		files.report(want.verdict)
	}
	return append(append(wrong, files.wrong...), g.judgeCluster(name, want)...)
}

// judgeCluster looks at what is stored and running of the app.
func (g *gitlab) judgeCluster(name string, want jobWant) (wrong []string) {
	if want.stored != "" {
		if got := g.stored(g.t, g.apps[name]); got != want.stored {
			wrong = append(wrong, "stored is "+got+", want "+want.stored)
		}
		if got := g.running(g.t, g.apps[name]); want.runs && got != g.head() {
			wrong = append(wrong, "running is "+got+", want "+g.head())
		}
	}
	if a, known := g.apps[want.gone]; want.gone != "" && (!known || !g.gone(g.t, a)) {
		wrong = append(wrong, fmt.Sprintf("%v of %s is not gone (known: %t)", a, want.gone, known))
	}
	if a, known := g.apps[want.stays]; want.stays != "" && (!known || g.running(g.t, a) != g.head()) {
		wrong = append(wrong, fmt.Sprintf("of %v of %s there is left: %s", a, want.stays, g.running(g.t, a)))
	}
	return wrong
}

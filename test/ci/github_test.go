//go:build ci

package ci

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// githubCase is a workflow and what happens to its pull request, turn by turn.
type githubCase struct {
	name     string
	workflow func(*testing.T) string
	charts   []string // folders that have the example chart: chart, when left out
	answers  bool     // GitHub's API is there, and the job's token is good for it
	cloud    cloud    // that the workflow logs in to
	native   bool     // the workflow uses the native action of a release
	turns    []turn
}

func (c githubCase) branch() string { return "ci/" + c.name }

// turn is one run of the workflow.
type turn struct {
	event  event
	before func(*github)   // what was done since the run before
	pods   string          // how the pods of what is pushed behave, in the simulated node
	kill   string          // signal that the step's container or process gets in the middle of the rollout
	want   map[string]want // by job
	after  func(*github)   // what else is looked at
}

// want is what is expected of one job of a run.
type want struct {
	fails    bool
	step     string // the step that uses the action; berth, when left out
	outputs  string // some of its outputs: "status=deployed revision=1"
	stored   string // the records, such as "v1 superseded, v2 deployed"
	runs     int    // the commit that all pods run
	samePods bool   // and they are those of the turn before
	host     bool   // its Ingress serves the URL that is given out
	gone     bool   // nothing is left of it
	summary  []string
	log      []string
	commands []string // all that the runner obeyed, by its beginning: "error: the image"
	comment  string   // what the one comment of Berth's says
	answers  []string // the reactions to the command
}

// play runs the workflow for each turn and looks at what came of it.
func (g *github) play() {
	for i, turn := range g.c.turns {
		if turn.before != nil {
			turn.before(g)
		}
		g.push(turn.event, turn.pods)
		jobs := g.emulate(turn.event, func(ended <-chan struct{}) {
			if turn.kill != "" && g.awaitRollout(g.t, g.shas[turn.event.commit], ended) {
				g.kill(turn.kill)
			}
		})
		for name := range jobs {
			if _, expected := turn.want[name]; !expected {
				g.t.Errorf("turn %d: the job %s ran", i+1, name)
			}
		}
		for name, want := range turn.want {
			if jobs[name] == nil {
				g.t.Fatalf("turn %d: the job %s did not run", i+1, name)
			}
			g.last = jobs[name]
			for _, wrong := range g.judge(name, jobs[name], want) {
				g.t.Errorf("turn %d, %s, job %s: %s", i+1, turn.event, name, wrong)
			}
			if g.t.Failed() {
				g.t.Fatalf("the job %s: %s", name, jobs[name])
			}
		}
		if turn.after != nil {
			turn.after(g)
		}
	}
}

// push pushes the commit that an event is about, unless it was before, and has the runner
// check out what the event's run is of.
func (g *github) push(e event, pods string) {
	g.t.Helper()
	git(g.t, g.repo, "checkout", "--quiet", "--force", g.c.branch())
	if g.shas[e.commit] == "" && e.commit > 0 {
		behave(g.t, g.repo, pods)
		g.shas[e.commit] = commit(g.t, g.repo)
		git(g.t, g.repo, "update-ref", "refs/pull/7/head", g.shas[e.commit])
	}
	if e.name != "pull_request" {
		git(g.t, g.repo, "checkout", "--quiet", "--force", "main")
	}
	if g.hub != nil {
		g.tell(e)
	}
}

// judge says what of a job is not as it should be.
func (g *github) judge(name string, j *job, want want) (wrong []string) {
	miss := func(what, got, wanted string) {
		if got != wanted {
			wrong = append(wrong, what+" is "+got+", want "+wanted)
		}
	}
	miss("the result", j.Result, map[bool]string{false: "success", true: "failure"}[want.fails])
	step := want.step
	if step == "" {
		step = "berth"
	}
	outputs := j.outputs[step]
	for pair := range strings.FieldsSeq(want.outputs) {
		output, value, _ := strings.Cut(pair, "=")
		got, ok := outputs[output]
		if !ok {
			wrong = append(wrong, "there is no output "+output)
		}
		miss("the output "+output, got, value)
	}
	for what, texts := range map[string][2][]string{"summary": {{j.Summary}, want.summary}, "log": {{j.log.String()}, want.log}} {
		for _, text := range texts[1] {
			text = strings.ReplaceAll(text, "SHA", fmt.Sprintf("%.7s", g.shas[want.runs]))
			if !strings.Contains(texts[0][0], text) {
				wrong = append(wrong, "the "+what+" lacks "+text)
			}
		}
	}
	if !slices.EqualFunc(j.commands, want.commands, strings.HasPrefix) {
		wrong = append(wrong, fmt.Sprintf("the runner obeyed %q, want %q", j.commands, want.commands))
	}
	if g.hub != nil {
		wrong = append(wrong, g.judgeHub(want)...)
	}
	return append(wrong, g.judgeCluster(name, outputs, want)...)
}

// judgeCluster looks at what is stored and running of the app that the job is about,
// whose namespace and release it names at its first run.
func (g *github) judgeCluster(name string, outputs map[string]string, want want) (wrong []string) {
	if outputs["namespace"] != "" {
		g.apps[name] = app{outputs["namespace"], outputs["release"]}
	}
	a, known := g.apps[name]
	switch {
	case want.gone && !known:
		return []string{"no job has named the app that is to be gone"}
	case want.gone:
		if !g.gone(g.t, a) {
			wrong = append(wrong, a.namespace+" is still there")
		}
	case want.stored != "":
		if got := g.stored(g.t, a); got != want.stored {
			wrong = append(wrong, "stored is "+got+", want "+want.stored)
		}
		if got := g.running(g.t, a); want.runs > 0 && got != g.shas[want.runs] {
			wrong = append(wrong, "running is "+got+", want "+g.shas[want.runs])
		}
	}
	pods := g.podsOf(g.t, a)
	if want.samePods && pods != g.pods {
		wrong = append(wrong, "the pods are "+pods+", and were "+g.pods)
	}
	g.pods = pods
	if want.host {
		ingress, err := g.Client().NetworkingV1().Ingresses(a.namespace).Get(g.t.Context(), a.release+"-web", metav1.GetOptions{})
		if err != nil || "https://"+ingress.Spec.Rules[0].Host != outputs["url"] {
			wrong = append(wrong, fmt.Sprintf("the Ingress serves %v (%v), want %s", ingress.Spec.Rules, err, outputs["url"]))
		}
	}
	return wrong
}

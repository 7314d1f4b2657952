package pullrequest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/berth-dev/berth/internal/result"
)

const reviewShop = "review/shop-login"

// deploy makes a run one that makes a deployment, and no comment.
func deploy(o *Options) {
	o.Comment, o.Deployment, o.Environment, o.SHA = false, true, reviewShop, "0123456789abcdef"
}

var shown = Update{URL: "https://login.example.com", Log: "https://github.com/acme/shop/actions/runs/41"}

func at(stage result.Stage) Update {
	u := shown
	u.Stage = stage
	return u
}

// deployed are the states of each deployment.
func (f fake) deployed() (all []string) {
	for _, d := range f.Deployments() {
		all = append(all, strings.Join(d.States, " "))
	}
	return all
}

func (f fake) hasDeployed(t *testing.T, want ...string) {
	t.Helper()
	if got := f.deployed(); !slices.Equal(got, want) {
		t.Errorf("the deployments are %q, want %q", got, want)
	}
}

// plays a run from its begin to its end.
func (f fake) plays(t *testing.T, number int, stage result.Stage, change ...func(*Options)) {
	t.Helper()
	run := f.run(number, append(change, deploy)...)
	begin := result.StageDeploying
	if stage == result.StageGone {
		begin = result.StageLeaving
	}
	run.Begin(t.Context(), at(begin))
	run.begun.Wait()
	if errs := run.End(t.Context(), at(stage)); len(errs) > 0 {
		t.Errorf("%s: %v", stage, errs)
	}
}

func TestADeploymentInEachState(t *testing.T) {
	f := newFake(t, false)
	others := []string{"success", "success", "success"}
	f.Deploys(reviewShop, `""`, "success")                                                 // the job's own environment makes such a one
	f.Deploys(reviewShop, `{"berth.dev/app": "another"}`, "success")                       // another app's
	f.Deploys("production", `{"berth.dev/app": "`+Key("identity", "shop")+`"}`, "success") // forged
	is := func(want ...string) {
		t.Helper()
		f.hasDeployed(t, append(slices.Clone(others), want...)...)
	}
	f.plays(t, 1, result.StageReady)
	is("in_progress success")
	made := f.Deployments()[3]
	if made.Ref != "0123456789abcdef" || !made.Transient || made.URL != shown.URL || made.Log != shown.Log || made.Environment != reviewShop {
		t.Errorf("it is %+v", made)
	}
	f.plays(t, 2, result.StageFailed)
	f.plays(t, 3, result.StageCancelled)
	is("in_progress success", "in_progress failure", "in_progress error")
	if url := f.Deployments()[4].URL; url != "" {
		t.Errorf("a deploy that failed answers at %s", url)
	}
	f.plays(t, 4, result.StageReady)
	is("in_progress success inactive", "in_progress failure", "in_progress error", "in_progress success")
	f.plays(t, 5, result.StageGone, down)
	f.plays(t, 6, result.StageGone, down) // twice
	is("in_progress success inactive", "in_progress failure", "in_progress error", "in_progress success inactive")
}

// A run that ended before it was at work has changed nothing of what is deployed.
func TestNoDeploymentOfARunThatWasNeverAtWork(t *testing.T) {
	f := newFake(t, false)
	for _, stage := range []result.Stage{result.StageFailed, result.StageCancelled, result.StageNone} {
		if errs := f.run(1, deploy).End(t.Context(), at(stage)); len(errs) > 0 {
			t.Error(errs)
		}
	}
	f.hasDeployed(t)
}

func TestDeploymentsAtTheSameTime(t *testing.T) {
	f := newFake(t, false)
	first, second := f.run(1, deploy), f.run(2, deploy)
	for _, run := range []*Teller{first, second} {
		run.Begin(t.Context(), at(result.StageDeploying))
		run.begun.Wait()
	}
	second.End(t.Context(), at(result.StageReady))
	first.End(t.Context(), at(result.StageReady)) // late
	f.hasDeployed(t, "in_progress inactive success inactive", "in_progress success")

	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			run := f.run(3+i, deploy)
			run.Begin(t.Context(), at(result.StageDeploying))
			run.End(t.Context(), at(result.StageReady))
		})
	}
	all.Wait()
	f.plays(t, 10, result.StageReady)
	active := 0
	for _, states := range f.deployed() {
		if !strings.HasSuffix(states, "inactive") {
			active++
		}
	}
	if active != 1 {
		t.Errorf("%d are active: %q", active, f.deployed())
	}
}

// A deploy that has begun when a teardown has ended stays as it is.
func TestATeardownLeavesTheDeployAfterIt(t *testing.T) {
	for _, atWork := range []bool{true, false} {
		f := newFake(t, false)
		f.plays(t, 1, result.StageReady)
		away, next := f.run(2, down, deploy), f.run(3, deploy)
		if atWork {
			away.Begin(t.Context(), at(result.StageLeaving))
			away.begun.Wait()
		}
		next.Begin(t.Context(), at(result.StageDeploying))
		next.begun.Wait()
		away.End(t.Context(), at(result.StageGone))
		f.hasDeployed(t, "in_progress success inactive", "in_progress")
	}
}

func TestEachRequestOfADeploymentMayFail(t *testing.T) {
	for failing := range 10 {
		for _, code := range []int{403, 404, 409, 422, 502} {
			f := newFake(t, false)
			f.plays(t, 1, result.StageReady)
			count := 0
			f.Instead(func(w http.ResponseWriter, _ *http.Request) bool {
				if count++; count-1 != failing {
					return false
				}
				w.WriteHeader(code)
				return true
			})
			run := f.run(2, deploy)
			run.Begin(t.Context(), at(result.StageDeploying))
			run.begun.Wait()
			for _, err := range run.End(t.Context(), at(result.StageReady)) {
				said := err.Error()
				if !strings.Contains(said, fmt.Sprint(code)) || strings.Contains(said, "deployments: write") != (code < 405) {
					t.Errorf("it says %q", said)
				}
			}
			f.Instead(nil)
			f.plays(t, 3, result.StageReady)
			f.plays(t, 4, result.StageGone, down)
			for _, states := range f.deployed() {
				if !strings.HasSuffix(states, "inactive") {
					t.Errorf("request %d answered with %d: %q", failing, code, f.deployed())
				}
			}
		}
	}
}

func TestADeploymentElsewhere(t *testing.T) {
	for says, change := range map[string]func(*Options){
		"own repository": func(o *Options) { o.Own = false },
		"no token":       func(o *Options) { o.GitHubToken = "" },
	} {
		f := newFake(t, false)
		errs := f.run(1, deploy, change).End(t.Context(), at(result.StageReady))
		if len(errs) != 1 || !strings.Contains(errs[0].Error(), says) || len(f.Requests()) > 0 {
			t.Errorf("%s: %v", says, errs)
		}
	}
	errs := newFake(t, true).run(1, deploy).End(t.Context(), at(result.StageReady))
	if len(errs) != 1 || !strings.Contains(errs[0].Error(), "environment") {
		t.Errorf("GitLab: %v", errs)
	}
}

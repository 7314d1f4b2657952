package pullrequest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-github/v89/github"

	"github.com/berth-dev/berth/internal/result"
)

// deploying keeps a GitHub deployment for each run that was at work on an app.
// https://docs.github.com/en/rest/deployments/deployments
type deploying struct {
	gitHub      *gitHub
	environment string
	key         string // in the payload of each deployment of the app
	ref         string
	down        bool

	id   int64 // of this run's deployment; 0: there is none
	upTo int64 // of a teardown: the newest deployment when it began; 0: not known
}

func newDeploying(o Options) (part, error) {
	switch {
	case !o.onGitHub():
		return part{}, errors.New("only GitHub has deployments of this kind, and on GitLab the job's environment is one; " +
			"leave the input deployment out here")
	case !o.Own:
		return part{}, errors.New("a deployment is made in the run's own repository only; leave the input deployment out here")
	}
	g, err := o.gitHubRepository("deployments: write")
	if err != nil {
		return part{}, err
	}
	d := &deploying{gitHub: g, environment: o.Environment, key: o.Key, ref: o.SHA, down: o.Down}
	if d.ref == "" {
		d.ref = o.Branch
	}
	return part{d.begin, d.end}, nil
}

// begin is part's.
func (d *deploying) begin(ctx context.Context, u Update) error {
	if d.down {
		found, err := d.list(ctx)
		if err == nil && len(found) > 0 {
			d.upTo = found[0].GetID()
		}
		return err
	}
	if err := d.create(ctx); err != nil {
		return err
	}
	return d.status(ctx, d.id, "in_progress", u)
}

// end is part's.
func (d *deploying) end(ctx context.Context, u Update) error {
	switch u.Stage {
	case result.StageReady:
		return d.endReady(ctx, u)
	case result.StageGone:
		return d.retire(ctx, func(other int64, state string) bool {
			// What is on its way may be a deploy that has begun since.
			return other <= d.upTo || d.upTo == 0 && state == "success"
		})
	case result.StageFailed:
		return d.endOwn(ctx, "failure", u)
	case result.StageCancelled:
		return d.endOwn(ctx, "error", u)
	case result.StageNone, result.StageDeploying, result.StageLeaving:
	}
	return nil
}

// endReady says that the run's deployment is the one, and of no other any more.
func (d *deploying) endReady(ctx context.Context, u Update) error {
	if d.id == 0 {
		if err := d.create(ctx); err != nil {
			return err
		}
	}
	if err := d.status(ctx, d.id, "success", u); err != nil {
		return err
	}
	late := false
	err := d.retire(ctx, func(other int64, state string) bool {
		late = late || other > d.id && state == "success"
		return other < d.id
	})
	if err == nil && late { // a later run has ended before
		return d.status(ctx, d.id, "inactive", Update{})
	}
	return err
}

// endOwn says how the run's own deployment ended, where it has one: what was deployed
// before stays what is deployed.
func (d *deploying) endOwn(ctx context.Context, state string, u Update) error {
	if d.id == 0 {
		return nil
	}
	return d.status(ctx, d.id, state, u)
}

// payload names the app in a deployment.
type payload struct {
	App string `json:"berth.dev/app"`
}

func (d *deploying) create(ctx context.Context) error {
	no, yes := false, true
	made, _, err := d.gitHub.client.Repositories.CreateDeployment(ctx, d.gitHub.owner, d.gitHub.repo, github.DeploymentRequest{
		Ref: d.ref, AutoMerge: &no, RequiredContexts: []string{}, Payload: payload{d.key}, Environment: &d.environment,
		TransientEnvironment: &yes, ProductionEnvironment: &no,
	})
	if err == nil && made.GetID() <= 0 {
		err = errors.New("its answer names no deployment")
	}
	if err != nil {
		return d.failed("make a deployment", err)
	}
	d.id = made.GetID()
	return nil
}

// status says how a deployment is. The addresses are plain ones, or empty.
func (d *deploying) status(ctx context.Context, id int64, state string, u Update) error {
	no := false
	status := github.DeploymentStatusRequest{State: state, AutoInactive: &no}
	if u.Log != "" {
		status.LogURL = &u.Log
	}
	if u.URL != "" && state == "success" {
		status.EnvironmentURL = &u.URL
	}
	if _, _, err := d.gitHub.client.Repositories.CreateDeploymentStatus(ctx, d.gitHub.owner, d.gitHub.repo, id, status); err != nil {
		return d.failed(fmt.Sprintf("say of the deployment that it is %s", strings.ReplaceAll(state, "_", " ")), err)
	}
	return nil
}

const (
	// maxRetired is how many of the newest deployments are looked at.
	maxRetired = 20
	// enoughRetired ends the look: where so many in a row are inactive, those before them
	// were looked at by others.
	enoughRetired = 5
)

// retire makes the app's deployments inactive of which that is wanted, by id and state.
func (d *deploying) retire(ctx context.Context, wanted func(id int64, state string) bool) error {
	found, err := d.list(ctx)
	if err != nil {
		return err
	}
	inactive := 0
	for _, one := range found[:min(len(found), maxRetired)] {
		id := one.GetID()
		if id == d.id {
			continue
		}
		if inactive == enoughRetired {
			break
		}
		state, err := d.state(ctx, id)
		switch {
		case err != nil:
			return err
		case state == "inactive":
			inactive++
			continue
		case state == "failure", state == "error", !wanted(id, state):
			continue
		}
		if err := d.status(ctx, id, "inactive", Update{}); err != nil {
			return err
		}
		inactive = 0
	}
	return nil
}

// list returns the newest deployments of the app, the newest first.
func (d *deploying) list(ctx context.Context) (own []*github.Deployment, err error) {
	all, _, err := d.gitHub.client.Repositories.ListDeployments(ctx, d.gitHub.owner, d.gitHub.repo,
		&github.DeploymentsListOptions{Environment: d.environment, ListOptions: github.ListOptions{PerPage: perPage}})
	if err != nil {
		return nil, d.failed("list the deployments", err)
	}
	for _, one := range all {
		if one.GetID() > 0 && strings.EqualFold(one.GetEnvironment(), d.environment) && appOf(one) == d.key {
			own = append(own, one)
		}
	}
	slices.SortFunc(own, func(a, b *github.Deployment) int { return cmp.Compare(b.GetID(), a.GetID()) })
	return own, nil
}

// appOf returns the key of the app that a deployment is of, or "" where Berth has not made
// it.
func appOf(one *github.Deployment) string {
	data, quoted := []byte(one.Payload), ""
	if json.Unmarshal(data, &quoted) == nil {
		data = []byte(quoted)
	}
	var p payload
	if json.Unmarshal(data, &p) != nil {
		return ""
	}
	return p.App
}

// state returns the last status of a deployment, or "" where it has none.
func (d *deploying) state(ctx context.Context, id int64) (string, error) {
	statuses, _, err := d.gitHub.client.Repositories.ListDeploymentStatuses(ctx, d.gitHub.owner, d.gitHub.repo, id,
		&github.ListOptions{PerPage: 1})
	if err != nil {
		return "", d.failed("read how a deployment is", err)
	}
	if len(statuses) == 0 {
		return "", nil
	}
	return statuses[0].GetState(), nil
}

func (d *deploying) failed(what string, err error) error {
	return gitHubFailed(what+" of the environment "+d.environment, "deployments: write", err)
}

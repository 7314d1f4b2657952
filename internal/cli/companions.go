package cli

import (
	"context"
	"fmt"

	"github.com/berth-dev/berth/internal/apifailure"
	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/helm/chart"
	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/kube"
	"github.com/berth-dev/berth/internal/kube/companions"
	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/secrets"
	"github.com/berth-dev/berth/internal/verb"
)

// companionsOf implements engine.Companions with internal/kube/companions.
type companionsOf struct{ *companions.Manager }

// newCompanions reads the file of quota, before anything is asked of anybody.
func newCompanions(ctx context.Context, conn *kube.Conn, t target, o *input.Options, mask *secrets.Mask) (companionsOf, error) {
	m := &companions.Manager{Dynamic: conn.Dynamic(), Metadata: conn.Metadata(), Namespace: t.Namespace,
		Hide: manifest.NewSensitive(mask).Object}
	for _, c := range o.Copies() {
		if c.Namespace == t.Namespace {
			return companionsOf{}, &problem.Problem{Reason: problem.WrongInput, Tried: "copy Secret " + c.Namespace + "/" + c.Name,
				Cause: fmt.Errorf("%s is the release's own namespace", c.Namespace), Next: "Leave it out of copy-secret: it is there."}
		}
		m.Copies = append(m.Copies, companions.Copy(c))
	}
	if o.Quota == "" || o.Verb != verb.Deploy && (o.Verb != verb.Preflight || o.Chart == "") {
		return companionsOf{m}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	file, err := chart.ReadFile(ctx, o.Quota)
	if err == nil {
		m.Quota, err = companions.ParseQuota(file, t.Namespace)
	}
	if err != nil {
		return companionsOf{}, &problem.Problem{Reason: problem.WrongInput, Tried: "read the file of quota", Cause: err,
			Place: problem.Place{File: o.Quota}, Next: "Correct the file, or the path; it is taken from the working directory."}
	}
	return companionsOf{m}, nil
}

func (c companionsOf) Conceal(ctx context.Context) error {
	return apifailure.Classify(c.Manager.Conceal(ctx), "read what Berth has put beside the release")
}

func (c companionsOf) Sources(ctx context.Context) ([]facts.Source, error) {
	found, err := c.Manager.Sources(ctx)
	return found, apifailure.Classify(err, "read the Secrets that copy-secret names")
}

func (c companionsOf) Look(ctx context.Context, s facts.CompanionScope) (wanted, others []facts.Companion, err error) {
	wanted, others, err = c.Manager.Look(ctx, s)
	return wanted, others, apifailure.Classify(err, "look at what Berth has put beside the release")
}

func (c companionsOf) Write(ctx context.Context, one facts.Companion, releases []string) error {
	return apifailure.Classify(c.Manager.Write(ctx, one, releases), "write "+one.String())
}

func (c companionsOf) Share(ctx context.Context, one facts.Companion, releases []string) error {
	return apifailure.Classify(c.Manager.Share(ctx, one, releases), "note on "+one.String()+" whom it is there for")
}

func (c companionsOf) Remove(ctx context.Context, one facts.Companion) error {
	return apifailure.Classify(c.Manager.Remove(ctx, one), "delete "+one.String())
}

func (c companionsOf) Enforced(ctx context.Context, one facts.Companion) (bool, error) {
	counts, err := c.Manager.Enforced(ctx, one)
	return counts, apifailure.Classify(err, "see whether "+one.String()+" counts")
}

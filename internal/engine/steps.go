package engine

import (
	"context"
	"fmt"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/verdict"
)

// performer performs the steps of a plan.
type performer struct {
	records   *recordRepairer
	operate   *operator
	remove    *releaseRemover
	leftovers *leftoverRemover
	chart     *chartSource
}

// performed is what the steps of a plan have done.
type performed struct {
	operated   bool             // Helm began an install, upgrade or rollback
	applied    verdict.Reported // what the last of these applied; zero: none did
	unreadable []string         // the records that were quarantined unread
	rollbacks  []rolledBack
	outliving  // what a release that was taken down left
}

// rolledBack is a rollback that went well: a revision was applied anew, as another one.
type rolledBack struct{ target, revision int }

// stepFunc performs one step on the facts that it was planned for, keeps them true
// to what it changed, and adds to done.
type stepFunc func(ctx context.Context, p *performer, f *facts.Facts, s verdict.Step, done *performed) error

// stepFuncs says what performs each kind of step.
var stepFuncs = map[verdict.StepKind]stepFunc{
	verdict.StepRelabel:    repair((*recordRepairer).relabel),
	verdict.StepQuarantine: repair((*recordRepairer).quarantine),
	verdict.StepDiscard:    repair((*recordRepairer).discard),
	verdict.StepPromote:    repair((*recordRepairer).promote),
	verdict.StepUnlock:     repair((*recordRepairer).unlock),
	verdict.StepDedupe:     repair((*recordRepairer).dedupe),
	verdict.StepQuarantineUnreadable: func(ctx context.Context, p *performer, f *facts.Facts, _ verdict.Step, done *performed) (err error) {
		done.unreadable, err = p.records.quarantineUnreadable(ctx, f)
		return err
	},
	verdict.StepInstall: deployChart(facts.ModeInstall, "Install the release"),
	verdict.StepReplace: deployChart(facts.ModeReplace, "Install the release anew"),
	verdict.StepUpgrade: deployChart(facts.ModeUpgrade, "Upgrade the release"),
	verdict.StepRollback: func(ctx context.Context, p *performer, f *facts.Facts, s verdict.Step, done *performed) error {
		target, err := p.operate.revision(ctx, f, s.Target)
		if err != nil {
			return err // nothing was begun
		}
		if err := p.leftovers.cleanHooks(ctx, f, target.Hooks, s.Kind); err != nil {
			return err
		}
		done.operated = true
		if done.applied, err = p.operate.rollback(ctx, s.Target, f); err == nil {
			done.rollbacks = append(done.rollbacks, rolledBack{s.Target, done.applied.Revision})
		}
		return err
	},
	verdict.StepUninstall: func(ctx context.Context, p *performer, f *facts.Facts, _ verdict.Step, _ *performed) error {
		return p.remove.uninstallStuck(ctx, f)
	},
	verdict.StepTakeDown: func(ctx context.Context, p *performer, f *facts.Facts, s verdict.Step, done *performed) (err error) {
		done.outliving, err = p.remove.takeDown(ctx, f, s)
		return err
	},
	verdict.StepDiscardQuarantined: func(ctx context.Context, p *performer, _ *facts.Facts, _ verdict.Step, done *performed) error {
		if len(done.unreadable) > 0 || len(done.stopped) > 0 {
			return nil // they are all that tells of what may be left
		}
		return p.remove.discardQuarantined(ctx)
	},
	verdict.StepSweep: func(ctx context.Context, p *performer, f *facts.Facts, _ verdict.Step, done *performed) error {
		if !p.leftovers.sweep(ctx, f, done.applied, p.chart.hooks) {
			return nil
		}
		return p.records.swept(ctx, done.applied.Revision)
	},
}

// perform performs the steps of a plan in their order, until one fails.
func (p *performer) perform(ctx context.Context, steps []verdict.Step, f *facts.Facts) (done performed, err error) {
	for _, s := range steps {
		do, ok := stepFuncs[s.Kind]
		if !ok {
			return done, fmt.Errorf("perform step %q: it is not known", s.Kind)
		}
		if err := do(ctx, p, f, s, &done); err != nil {
			return done, err
		}
	}
	return done, nil
}

// repair is a step that repairs records.
func repair(do func(*recordRepairer, context.Context, *facts.Facts) error) stepFunc {
	return func(ctx context.Context, p *performer, f *facts.Facts, _ verdict.Step, _ *performed) error {
		return do(p.records, ctx, f)
	}
}

// deployChart is a step that brings the chart onto the cluster.
func deployChart(mode facts.DeployMode, what string) stepFunc {
	return func(ctx context.Context, p *performer, f *facts.Facts, s verdict.Step, done *performed) error {
		failed, err := p.operate.failedManifests(ctx, f)
		if err != nil {
			return err // nothing was begun
		}
		if err := p.leftovers.cleanHooks(ctx, f, p.chart.hooks, s.Kind); err != nil {
			return err
		}
		done.operated = true
		done.applied, err = p.operate.deploy(ctx, what, mode, failed, f)
		return err
	}
}

package cli

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/berth-dev/berth/internal/fleet"
	"github.com/berth-dev/berth/internal/report"
	"github.com/berth-dev/berth/internal/text"
)

// repaintEvery is how often a table is painted anew in which nothing has changed but the ages.
const repaintEvery = time.Second

// watch shows the review apps until ctx ends: as a table on a terminal that a person looks at,
// and as one line for each change elsewhere. It goes on while the API server is away, and says so.
func (l lister) watch(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p := l.newPulse("What is shown")
	changes, failed := make(chan []fleet.App), make(chan error, 1)
	go func() {
		failed <- l.survey.follow(ctx, p, func(apps []fleet.App) {
			select {
			case changes <- apps:
			case <-ctx.Done():
			}
		})
	}()
	show := l.tell
	if _, _, ok := l.out.screen.Room(); ok {
		show = func(_, now []fleet.App, _ bool) { l.paint(now, p) }
	}
	repaint := time.NewTicker(repaintEvery)
	defer repaint.Stop()
	var apps []fleet.App
	listed := false
	for {
		select {
		case err := <-failed:
			return err
		case now := <-changes:
			show(apps, now, !listed)
			apps, listed = now, true
		case <-repaint.C:
			if _, _, ok := l.out.screen.Room(); ok && listed {
				show(apps, apps, false)
			}
		}
	}
}

// newPulse returns a pulse that says when what people have of the list may be out of date, and when it is not any
// more.
func (l lister) newPulse(what string) *pulse {
	return &pulse{now: time.Now, change: func(trouble string) {
		if trouble == "" {
			l.out.Line(l.now().UTC().Format(time.TimeOnly) + " The API server answers again.")
			return
		}
		l.out.Warn(what+" may be out of date", l.mask.Text(text.Sentence(trouble)))
	}}
}

// paint shows as many of the apps as the terminal has room for.
func (l lister) paint(now []fleet.App, p *pulse) {
	width, height, _ := l.out.screen.Room()
	l.out.screen.Paint(l.rows(now, p, width, height))
}

// rows are the table of the apps in so much room, the worst first. What may be out of date is shown as it was
// when it was not yet.
func (l lister) rows(now []fleet.App, p *pulse, width, height int) []string {
	f := l.fleetOf(slices.Clone(now))
	var last []string
	if since, trouble := p.read(); trouble != "" {
		f.At, f.Stale = f.At.Add(-max(p.now().Sub(since), 0)).Truncate(time.Second), true
		last = []string{text.CutCells(fmt.Sprintf("! As of %s, and may be out of date: %s", f.At.UTC().Format(time.TimeOnly),
			l.mask.Text(text.OneLine(trouble))), width)}
	}
	f.Apps = report.WorstFirst(f.Apps)
	all := f
	left := len(f.Apps) - max(height-3-len(last), 1) // the head, how many there are, and how many are left out
	if left > 0 {
		f.Apps = f.Apps[:len(f.Apps)-left]
	}
	rows := report.FleetRows(f, width)
	if left > 0 {
		rows = append(rows, fmt.Sprintf("  and %d more", left))
	}
	rows = append(rows, report.FleetSummary(all, width))
	return append(rows, last...)
}

// tell prints the whole list the first time, and then what has changed of it.
func (l lister) tell(before, now []fleet.App, first bool) {
	f := l.fleetOf(slices.Clone(now))
	if first {
		l.out.Line(report.FleetText(f, 0))
		return
	}
	type key struct{ namespace, release string }
	was := map[key]*fleet.App{}
	old := l.fleetOf(slices.Clone(before)).Apps
	for i := range old {
		was[key{old[i].Namespace, old[i].Release}] = &old[i]
	}
	say := func(before, now *fleet.App) {
		if line := report.FleetChange(before, now); line != "" {
			l.out.Line(f.At.UTC().Format(time.TimeOnly) + " " + line)
		}
	}
	for i := range f.Apps {
		at := key{f.Apps[i].Namespace, f.Apps[i].Release}
		say(was[at], &f.Apps[i])
		delete(was, at)
	}
	for i := range old {
		if was[key{old[i].Namespace, old[i].Release}] != nil {
			say(&old[i], nil)
		}
	}
}

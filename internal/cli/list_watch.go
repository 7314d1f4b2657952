package cli

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/berth-dev/berth/internal/fleet"
	"github.com/berth-dev/berth/internal/report"
)

// repaintEvery is how often a table is painted anew in which nothing has changed but the ages.
const repaintEvery = time.Second

// watch shows the review apps until ctx ends: as a table on a terminal that a person looks at,
// and as one line for each change elsewhere.
func (l lister) watch(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	changes, failed := make(chan []fleet.App), make(chan error, 1)
	go func() {
		failed <- l.survey.follow(ctx, nil, func(apps []fleet.App) {
			select {
			case changes <- apps:
			case <-ctx.Done():
			}
		})
	}()
	show := l.tell
	if _, _, ok := l.out.screen.Room(); ok {
		show = l.paint
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

// paint shows as many of the apps as the terminal has room for, the worst first.
func (l lister) paint(_, now []fleet.App, _ bool) {
	width, height, _ := l.out.screen.Room()
	f := l.fleetOf(slices.Clone(now))
	f.Apps = report.WorstFirst(f.Apps)
	all := f
	left := len(f.Apps) - max(height-3, 1) // the head, how many there are, and how many are left out
	if left > 0 {
		f.Apps = f.Apps[:len(f.Apps)-left]
	}
	rows := report.FleetRows(f, width)
	if left > 0 {
		rows = append(rows, fmt.Sprintf("  and %d more", left))
	}
	l.out.screen.Paint(append(rows, report.FleetSummary(all, width)))
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

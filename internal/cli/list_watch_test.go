package cli

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/fleet"
	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/secrets"
	"github.com/berth-dev/berth/internal/text"
)

// A table that may be out of date says as of when it is, and its ages do not grow.
func TestWatchedTableOfAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		process := Process{Stdout: &out, mask: secrets.New()}
		process.mask.Give("hunter2")
		options := &input.Options{}
		l := lister{Process: process, out: process.console(options), options: options, now: time.Now}
		apps := []fleet.App{
			{Namespace: "a", Release: "web", Revision: 1, Status: facts.StatusDeployed, Deployed: time.Now().Add(-10 * time.Second)},
			{Namespace: "b", Release: "web", Revision: 1, Status: facts.StatusDeployed, Deployed: time.Now().Add(-10 * time.Second)},
		}
		p := l.newPulse("What is shown")
		var lost [3]func(error)
		var heard [3]func()
		for i := range lost {
			heard[i], lost[i] = p.of(i)
			heard[i]()
		}
		rows := func(height int) string {
			t.Helper()
			rows := l.rows(apps, p, 100, height)
			for _, r := range rows {
				if text.Width(r) > 100 {
					t.Errorf("%q is too wide", r)
				}
			}
			if len(rows) > height {
				t.Errorf("%d rows in %d", len(rows), height)
			}
			return strings.Join(rows, "\n")
		}
		if table := rows(20); strings.Contains(table, "As of") || !strings.Contains(table, "10s") {
			t.Error(table)
		}
		asOf := "! As of " + time.Now().UTC().Format(time.TimeOnly) + ", and may be out of date: no answer with *** "
		time.Sleep(time.Minute)
		for range 2 {
			for i := range lost {
				lost[i](errors.New("no answer with hunter2\n" + strings.Repeat("x", 200)))
			}
			time.Sleep(time.Minute)
		}
		if table := rows(20); !strings.Contains(table, asOf) || !strings.Contains(table, "10s") {
			t.Error(table)
		}
		if table := rows(5); !strings.Contains(table, "and 1 more") {
			t.Error(table)
		}
		for i := range heard {
			heard[i]()
		}
		if table := rows(20); strings.Contains(table, "As of") || !strings.Contains(table, "3m") {
			t.Error(table)
		}
		said := out.String()
		for _, line := range []string{"What is shown may be out of date", "The API server answers again."} {
			if strings.Count(said, line) != 1 {
				t.Errorf("it does not say once %q: %s", line, said)
			}
		}
		if strings.Contains(said, "hunter2") {
			t.Error(said)
		}
	})
}

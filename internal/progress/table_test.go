package progress

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// mixed is a wait with something of everything, 12 s old.
func mixed() *wait {
	w := newWait(Ready, start,
		[]facts.Awaited{satisfied(config), web, db, some("Ingress", "web", 0, 0, "the load balancer has no address yet"),
			some("Deployment", "api", 0, 1, "")}, "review", asIs)
	w.update(at(1.25), satisfied(some("Deployment", "api", 1, 1, "")), asIs)
	w.update(at(8), failed(db, "pod db-0: container app: ImagePullBackOff"), asIs)
	return w
}

func TestTable(t *testing.T) {
	tests := map[string]struct {
		frame frame
		want  []string
	}{
		"wide": {frame{width: 79, height: 23}, []string{
			"Waiting for 3 of 5 objects to be ready, 12 s",
			"  ✗ StatefulSet/db  0/1  8.0 s  pod db-0: container app: ImagePullBackOff",
			"  · Deployment/web  0/2  12 s   Available: 0/2",
			"  · Ingress/web          12 s   the load balancer has no address yet",
			"  ✓ Deployment/api  1/1  1.2 s  ready",
			"  and 1 more, ready",
		}},
		"low": {frame{width: 79, height: 4}, []string{
			"Waiting for 3 of 5 objects to be ready, 12 s",
			"  ✗ StatefulSet/db  0/1  8.0 s  pod db-0: container app: ImagePullBackOff",
			"  · Deployment/web  0/2  12 s   Available: 0/2",
			"  and 3 more, 2 of them ready",
		}},
		"narrow": {frame{width: 30, height: 23}, []string{
			"Waiting for 3 of 5 objects to…",
			"  ✗ StatefulSet/db  0/1  8.0 …",
			"  · Deployment/web  0/2  12 s…",
			"  · Ingress/web          12 s…",
			"  ✓ Deployment/api  1/1  1.2 …",
			"  and 1 more, ready",
		}},
		"a line":  {frame{width: 79, height: 1}, []string{"Waiting for 3 of 5 objects to be ready, 12 s"}},
		"nothing": {frame{width: 79, height: 0}, []string{}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, table(mixed(), at(12), tt.frame)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Whatever the terminal's size and the objects' texts, no row is wider and no
// table higher than it.
func TestTableFits(t *testing.T) {
	var all []facts.Awaited
	for i := range 40 {
		all = append(all, some(strings.Repeat("K", i), strings.Repeat("界", i*3), i, 40, strings.Repeat("é漢", i)))
	}
	w := newWait(Ready, start, all, "elsewhere", asIs)
	for width := 0; width < 90; width += 1 + width/4 {
		for height := 0; height < 50; height += 1 + height/4 {
			rows := table(w, at(100), frame{width: width, height: height})
			if len(rows) > height {
				t.Fatalf("%d rows on %d", len(rows), height)
			}
			for _, r := range append(rows, activityTable(strings.Repeat("漢", 60), start, at(3), frame{width: width, height: height})...) {
				if text.Width(r) > width {
					t.Fatalf("%d cells on %d: %q", text.Width(r), width, r)
				}
			}
		}
	}
}

func TestTableWhenItIsOver(t *testing.T) {
	w := newWait(Ready, start, []facts.Awaited{satisfied(config), web}, "review", asIs)
	w.update(at(3), satisfied(web), asIs)
	w.ended = at(3)
	want := []string{"All 2 objects ready after 3.0 s", "  \x1b[32m✓\x1b[0m Deployment/web  2/2  3.0 s  ready", "  and 1 more, ready"}
	if diff := cmp.Diff(want, table(w, at(9), frame{width: 79, height: 23, color: true})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	one := newWait(Done, start, []facts.Awaited{some("Job", "seed", 0, 1, "")}, "review", asIs)
	one.update(at(3), satisfied(some("Job", "seed", 1, 1, "")), asIs)
	one.ended = at(3)
	if diff := cmp.Diff([]string{"Job/seed: done after 3.0 s"}, table(one, at(9), frame{width: 79, height: 23})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTimeline(t *testing.T) {
	want := []string{"Deployment/web: not ready 12s", "Ingress/web: not ready 12s", "StatefulSet/db: failed 8s", "Deployment/api 1.25s",
		"and 1 more, ready at once 0s"}
	if diff := cmp.Diff(want, described(mixed().timeline(at(12)))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var all []facts.Awaited
	for i := range 300 {
		all = append(all, some("Pod", fmt.Sprint(i), 0, 0, ""))
	}
	w := newWait(Ready, start, all, "review", asIs)
	for i, a := range all {
		w.update(at(float64(i+1)/10), satisfied(a), asIs)
	}
	got := described(w.timeline(at(31)))
	if len(got) != 11 || got[0] != "Pod/299 30s" || got[10] != "and 290 more, all ready within 29.0 s 29s" {
		t.Errorf("got %q", got)
	}
	if got := newWait(Ready, start, []facts.Awaited{satisfied(config)}, "review", asIs).timeline(start); got != nil {
		t.Errorf("got %+v of what was ready at once", got)
	}
}

func described(events []result.Event) []string {
	var all []string
	for _, e := range events {
		all = append(all, fmt.Sprintf("%s %s", e.What, e.Took))
	}
	return all
}

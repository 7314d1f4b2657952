//go:build bench

package scale

import (
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/requestinfo"
)

const (
	// few is the number of apps with which the verbs of one app are compared.
	few = 10
	// tries is how often each of them is run.
	tries = 5
)

// verbs are those of one app, in the order in which they are run.
var verbs = []string{"deploy: install", "deploy: upgrade", "check", "teardown"}

// performance is what a verb took.
type performance struct {
	laps     []time.Duration
	requests map[string]request // by verb and resource
}

// request is what the requests of one kind took.
type request struct {
	count int
	took  time.Duration // the least of all runs, until the answers began
	bytes int64         // of the answers
}

var (
	answered = regexp.MustCompile(`(?m)debug: (GET|POST|PUT|PATCH|DELETE) (\S+): \d+ after (\S+)$`)
	counted  = regexp.MustCompile(`(?m)debug: requests: (\S+) (\S+): (\d+), \d+ bytes sent, (\d+) received$`)
)

// measureVerbs runs each verb on an app that is one among so many.
func measureVerbs(t *testing.T, p plane, apps int) map[string]performance {
	t.Helper()
	all := map[string]performance{}
	for i := range tries {
		a := appOf(1_000_000 + apps*tries + i)
		for _, verb := range verbs {
			args := a.deployFlags()
			switch verb {
			case "deploy: upgrade":
				args = append(args, "--set", "greeting=again")
			case "check", "teardown":
				args = append([]string{verb}, a.flags()...)
			}
			l := run(t, p.kubeconfig, berth, append(args, "--log-level", "debug")...)
			took := all[verb]
			took.add(t, l)
			all[verb] = took
		}
	}
	return all
}

// add adds a run.
func (p *performance) add(t *testing.T, l lap) {
	t.Helper()
	now := map[string]request{}
	for _, m := range counted.FindAllStringSubmatch(l.stdout, -1) {
		count, _ := strconv.Atoi(m[3])
		bytes, _ := strconv.ParseInt(m[4], 10, 64)
		now[m[1]+" "+m[2]] = request{count: count, bytes: bytes}
	}
	for _, m := range answered.FindAllStringSubmatch(l.stdout, -1) {
		info := requestinfo.Of(m[1], m[2], url.Values{})
		took, err := time.ParseDuration(m[3])
		must(t, err)
		name := info.Verb + " " + info.QualifiedResource()
		r := now[name]
		r.took += took
		now[name] = r
	}
	if len(now) == 0 {
		t.Fatalf("the requests are not told: %s", tail(l.stdout))
	}
	if p.requests == nil {
		p.requests = now
	}
	for name, r := range now {
		least := p.requests[name]
		if r.took < least.took || least.count == 0 {
			least = r
		}
		p.requests[name] = least
	}
	p.laps = append(p.laps, l.took())
}

func (p performance) String() string {
	least, most := p.laps[0], p.laps[0]
	for _, l := range p.laps {
		least, most = min(least, l), max(most, l)
	}
	return fmt.Sprintf("%s (%s…%s)", seconds(median(p.laps)), seconds(least), seconds(most))
}

// grown returns the kinds of requests of which the answers are larger, or take longer, than among few apps.
func grown(before, after map[string]performance) (rows [][]string) {
	for _, verb := range verbs {
		for _, name := range sortedKeys(after[verb].requests) {
			was, is := before[verb].requests[name], after[verb].requests[name]
			larger := is.bytes > 2*was.bytes && is.bytes-was.bytes > 2000
			later := is.took > 2*was.took && is.took-was.took > 8*time.Millisecond
			if larger || later {
				rows = append(rows, []string{verb, name, was.String(), is.String()})
			}
		}
	}
	return rows
}

func (r request) String() string {
	return fmt.Sprintf("%d in %d ms, %.1f KB", r.count, r.took.Milliseconds(), float64(r.bytes)/1000)
}

package report

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/berth-dev/berth/internal/fleet"
	"github.com/berth-dev/berth/internal/result"
)

// Survey is what is known of the review apps at one moment while they are followed.
type Survey struct {
	Fleet Fleet
	Whole bool      // all apps have been found; without it, Fleet says nothing
	Live  bool      // each change is told at once
	Now   time.Time // by the API server's clock
	Age   time.Duration
	// Sweeps is what the sweeps have done; nil where that is not known.
	Sweeps *result.SweepTotals
}

// maxRepositories is how many repositories have metrics of their own: those with the most apps.
// Whoever may annotate a namespace can invent one.
const maxRepositories = 100

// The values of the label repository that are none: repositories have a slash.
const (
	repositoryUnknown = "unknown" // of apps that do not say
	repositoryOther   = "other"   // of those beyond maxRepositories
)

// FleetMetrics returns metrics in the text format of Prometheus, version 0.0.4.
// https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
func FleetMetrics(s Survey) []byte {
	var e exposition
	e.family(metricUp, sample{value: truth(s.Live && s.Whole)})
	if s.Whole {
		e.family(metricSurveyAge, sample{value: s.Age.Seconds()})
		e.fleet(byRepository(s.Fleet.Apps, s.Now))
	}
	if s.Sweeps != nil {
		e.sweeps(*s.Sweeps)
	}
	return []byte(e.text.String())
}

// fleet writes what is counted for each repository.
func (e *exposition) fleet(all []repositoryCounts) {
	var states, expired, ages, cpu, memory []sample
	for i := range all {
		r := &all[i]
		of := label{"repository", r.name}
		for _, state := range fleet.States {
			states = append(states, sample{[]label{of, {"state", string(state)}}, float64(r.states[state])})
		}
		expired = append(expired, sample{[]label{of}, float64(r.expired)})
		if r.dated {
			ages = append(ages, sample{[]label{of}, r.oldest.Seconds()})
		}
		cpu = append(cpu, sample{[]label{of}, r.cpu})
		memory = append(memory, sample{[]label{of}, r.memory})
	}
	e.family(metricApps, states...)
	e.family(metricExpired, expired...)
	e.family(metricOldest, ages...)
	e.family(metricCPU, cpu...)
	e.family(metricMemory, memory...)
}

// sweeps writes what the sweeps have done.
func (e *exposition) sweeps(t result.SweepTotals) {
	var ends []sample
	for _, end := range result.SweepEnds {
		ends = append(ends, sample{[]label{{"result", string(end)}}, float64(t.Ends[end])})
	}
	e.family(metricSweeps, ends...)
	e.family(metricDeleted, sample{value: float64(t.Deleted)})
	e.family(metricFailed, sample{value: float64(t.Failed)})
	if !t.LastRun.IsZero() {
		e.family(metricLastRun, sample{value: float64(t.LastRun.Unix())})
	}
	if !t.LastSuccess.IsZero() {
		e.family(metricLastSuccess, sample{value: float64(t.LastSuccess.Unix())})
	}
}

// repositoryCounts is what is counted for the apps of one repository.
type repositoryCounts struct {
	name    string
	apps    int
	states  map[fleet.State]int
	expired int
	oldest  time.Duration // since the last deploy
	dated   bool          // oldest is known
	cpu     float64       // cores
	memory  float64       // bytes
}

// byRepository counts the apps of each repository, by its name, with those that are too many as one.
func byRepository(apps []fleet.App, now time.Time) []repositoryCounts {
	found := map[string]*repositoryCounts{}
	for i := range apps {
		name := metricRepository(&apps[i])
		if found[name] == nil {
			found[name] = &repositoryCounts{name: name, states: map[fleet.State]int{}}
		}
		found[name].count(&apps[i], now)
	}
	all := make([]repositoryCounts, 0, len(found))
	for _, r := range found {
		all = append(all, *r)
	}
	slices.SortFunc(all, func(a, b repositoryCounts) int {
		return cmp.Or(cmp.Compare(b.apps, a.apps), cmp.Compare(a.name, b.name))
	})
	if len(all) > maxRepositories {
		other := repositoryCounts{name: repositoryOther, states: map[fleet.State]int{}}
		for _, r := range all[maxRepositories:] {
			other.add(r)
		}
		all = append(all[:maxRepositories], other)
	}
	slices.SortFunc(all, func(a, b repositoryCounts) int { return cmp.Compare(a.name, b.name) })
	return all
}

func metricRepository(a *fleet.App) string {
	if a.Origin.Repository == "" {
		return repositoryUnknown
	}
	return bounded(strings.ToLower(a.Host + "/" + a.Origin.Repository))
}

func (r *repositoryCounts) count(a *fleet.App, now time.Time) {
	r.apps++
	r.states[a.State()]++
	if a.Keep == "" && !a.Expires.IsZero() && !a.Expires.After(now) {
		r.expired++
	}
	if !a.Deployed.IsZero() {
		r.oldest, r.dated = max(r.oldest, now.Sub(a.Deployed)), true
	}
	r.cpu += amountOf(requestOf(a, "cpu"))
	r.memory += amountOf(requestOf(a, "memory"))
}

func (r *repositoryCounts) add(o repositoryCounts) {
	r.apps += o.apps
	for state, n := range o.states {
		r.states[state] += n
	}
	r.expired += o.expired
	r.oldest, r.dated = max(r.oldest, o.oldest), r.dated || o.dated
	r.cpu += o.cpu
	r.memory += o.memory
}

// amountScales are the suffixes of an amount as Kubernetes writes it.
var amountScales = map[string]float64{
	"n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
	"Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40, "Pi": 1 << 50, "Ei": 1 << 60,
}

// maxDigits bounds an amount, which is untrusted text.
const maxDigits = 18

// amountOf returns an amount such as 250m or 1Gi as a number; 0 for what is none.
func amountOf(s string) float64 {
	end := strings.LastIndexAny(s, "0123456789") + 1
	scale, known := amountScales[s[end:]]
	if !known || end > maxDigits || strings.Trim(s[:end], "0123456789.") != "" {
		return 0
	}
	n, err := strconv.ParseFloat(s[:end], 64)
	if err != nil {
		return 0
	}
	return n * scale
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

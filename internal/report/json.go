package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verb"
)

// Schema is the version of the JSON report. Fields may be added under it; one
// that changes its meaning or goes away makes a new version.
const Schema = "berth.dev/report/v1"

// view is the JSON report, described field by field in docs/report.schema.json.
// Lists are always there, so that a reader need not tell null from empty;
// durations are whole milliseconds.
type view struct {
	Schema    string                      `json:"schema"`
	Verb      verb.Verb                   `json:"verb"`
	Verdict   problem.ExitReason          `json:"verdict"`
	ExitCode  int                         `json:"exitCode"`
	Headline  string                      `json:"headline"`
	Cause     string                      `json:"cause,omitempty"`
	Next      string                      `json:"next,omitempty"`
	App       string                      `json:"app,omitempty"`
	Branch    string                      `json:"branch,omitempty"`
	Namespace string                      `json:"namespace,omitempty"`
	Release   string                      `json:"release,omitempty"`
	Revision  int                         `json:"revision,omitempty"`
	Status    facts.Status                `json:"status,omitempty"`
	Chart     string                      `json:"chart,omitempty"`
	URL       string                      `json:"url,omitempty"`
	User      string                      `json:"user,omitempty"`
	Repair    string                      `json:"repair,omitempty"`
	Started   time.Time                   `json:"started"`
	TookMs    int64                       `json:"tookMs"`
	Attempts  int                         `json:"checkAttempts"`
	Checks    []result.Check              `json:"checks"`
	Objects   []facts.Object              `json:"objects"`
	Gaps      []problem.MissingPermission `json:"missingPermissions"`
	RBAC      string                      `json:"rbac,omitempty"`
	Kept      []string                    `json:"kept"`
	Evidence  []string                    `json:"evidence"`
	ChartNote string                      `json:"chartNotes,omitempty"`
	Notes     []result.Note               `json:"annotations"`
	Timeline  []eventView                 `json:"timeline"`
	Audit     []writeView                 `json:"recordWrites"`
	Requests  []requestsView              `json:"requests"`
	Totals    requestTotalsView           `json:"requestTotals"`

	Diagnostics *result.Diagnostics `json:"diagnostics,omitempty"`
}

type eventView struct {
	AtMs   int64  `json:"atMs"`
	TookMs int64  `json:"tookMs"`
	What   string `json:"what"`

	Parts []eventView `json:"parts,omitempty"`
}

func eventViews(events []result.Event) []eventView {
	views := make([]eventView, 0, len(events))
	for _, e := range events {
		views = append(views, eventView{e.At.Milliseconds(), e.Took.Milliseconds(), e.What, eventViews(e.Parts)})
	}
	return views
}

type writeView struct {
	AtMs     int64        `json:"atMs"`
	Verb     string       `json:"verb"`
	Resource string       `json:"resource"`
	Key      string       `json:"key"`
	Revision int          `json:"revision"`
	Status   facts.Status `json:"status,omitempty"`
	Tries    int          `json:"tries"`
	Lost     bool         `json:"responseLost"`
	Denied   bool         `json:"denied"`
	Conflict bool         `json:"conflict"`
	Unknown  bool         `json:"unknown"`
	Error    string       `json:"error,omitempty"`
}

type requestsView struct {
	Verb     string `json:"verb"`
	Resource string `json:"resource"`
	Count    int    `json:"count"`
	Sent     int64  `json:"sentBytes"`
	Received int64  `json:"receivedBytes"`
}

type requestTotalsView struct {
	Count int   `json:"count"`
	Bytes int64 `json:"bytes"`
}

// JSON is the whole Result for machines, indented. Strings are given as they
// were met, escaped as JSON only: what shows them has to escape them.
func JSON(r result.Result) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(viewOf(r)); err != nil {
		return nil, fmt.Errorf("encode the JSON report of berth %s: %w; please report this as a bug", r.Verb, err)
	}
	return b.Bytes(), nil
}

func viewOf(r result.Result) view {
	v := view{
		Schema: Schema, Verb: r.Verb, Verdict: r.Reason, ExitCode: r.ExitCode,
		Headline: r.Headline, Cause: r.Cause, Next: r.Next,
		App: r.App, Branch: r.Branch, Namespace: r.Namespace, Release: r.Release,
		Revision: r.Revision, Status: r.Status, Chart: r.Chart, URL: r.URL,
		User: r.User, Repair: r.Repair,
		Started: r.Started.UTC(), TookMs: r.Took.Milliseconds(), Attempts: r.Attempts,
		Checks: list(r.Checks), Objects: list(r.Objects), Gaps: list(r.Missing), RBAC: r.RBAC,
		Kept: list(r.Kept), Evidence: list(r.Evidence), ChartNote: r.ChartNote, Notes: list(r.Notes),
		Diagnostics: r.Diagnostics,
		Timeline:    eventViews(r.Timeline), Audit: []writeView{}, Requests: []requestsView{},
	}
	for _, w := range r.Audit {
		v.Audit = append(v.Audit, writeView{
			AtMs: w.At.Milliseconds(), Verb: w.Verb, Resource: w.Resource, Key: w.Key,
			Revision: w.Revision, Status: w.Status, Tries: w.Tries,
			Lost: w.Lost, Denied: w.Denied, Conflict: w.Conflict, Unknown: w.Unknown, Error: w.Error,
		})
	}
	for _, t := range r.Traffic {
		v.Requests = append(v.Requests, requestsView(t))
	}
	v.Totals.Count, v.Totals.Bytes = traffic(r)
	return v
}

// list is never null in JSON.
func list[T any](all []T) []T {
	if all == nil {
		return []T{}
	}
	return all
}

package report

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"

	"github.com/berth-dev/berth/internal/fleet"
	"github.com/berth-dev/berth/internal/text"
)

var (
	//go:embed fleet_page.css
	fleetStyle string
	//go:embed fleet_page.js
	fleetScript string
	//go:embed fleet_page.html
	fleetSource string
)

// FleetPage returns the review apps as one page that loads nothing: it is searched, sorted
// and filtered where it is read, and shows ten thousand as fast as ten.
func FleetPage(f Fleet) ([]byte, error) {
	var b bytes.Buffer
	err := WriteFleetPage(&b, f)
	return b.Bytes(), err
}

// WriteFleetPage writes what FleetPage returns, an app at a time: html/template would hold all of
// them twice over. What is written may be a job's log, in which no text of others is a command.
func WriteFleetPage(w io.Writer, f Fleet) error {
	frame, err := fleetFrame(f)
	if err != nil {
		return fmt.Errorf("write the page of the review apps: %w; please report this as a bug", err)
	}
	// No text of others is like this, since a quotation mark in it is escaped.
	const none = `"apps":[]`
	before, after, _ := bytes.Cut(frame, []byte(none))
	out := bufio.NewWriter(w) // which keeps the first error
	_, _ = out.Write(before)
	_, _ = out.WriteString(none[:len(none)-1])
	for i := range f.Apps {
		// It escapes what could end the script: <, > and &.
		row, err := json.Marshal(fleetRowOf(&f.Apps[i]))
		if err != nil {
			return fmt.Errorf("write app %d of the page of the review apps: %w; please report this as a bug", i, err)
		}
		if i > 0 {
			_ = out.WriteByte(',')
		}
		_, _ = out.Write(plainJSON(row))
	}
	_ = out.WriteByte(']')
	_, _ = out.Write(after)
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write the page of the review apps: %w", err)
	}
	return nil
}

// fleetFrame returns the page without any app.
func fleetFrame(f Fleet) ([]byte, error) {
	page, err := template.New("fleet").Parse(strings.Replace(fleetSource, "@POLICY@", FleetPolicy(), 1))
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = page.Execute(&b, fleetView{Of: WithoutCommands(text.OneLine(f.Repository)), Stale: f.Stale, Style: template.CSS(fleetStyle),
		Script: template.JS(fleetScript), Data: fleetData{At: millis(f.At), States: fleetStates(), Apps: []fleetRow{}}})
	return b.Bytes(), err
}

// FleetPolicy is the content security policy of the page: its own style and script, and nothing else.
func FleetPolicy() string {
	return "default-src 'none'; style-src " + hashSource(fleetStyle) + "; script-src " + hashSource(fleetScript) +
		"; base-uri 'none'; form-action 'none'"
}

// hashSource returns the source expression by which a policy allows one text, and no other.
func hashSource(source string) string {
	sum := sha256.Sum256([]byte(source))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// fleetView is what the template shows. Style and script are values: as parts of the
// template, their comments would go, and with them what the policy's hashes are of.
type fleetView struct {
	Of     string
	Stale  bool
	Style  template.CSS
	Script template.JS
	Data   fleetData
}

// fleetData is what the script of the page reads. Times are milliseconds since 1970; 0 is
// none.
type fleetData struct {
	At     int64        `json:"at"`
	States []fleetState `json:"states"`
	Apps   []fleetRow   `json:"apps"`
}

type fleetState struct {
	Name string `json:"name"`
	Bad  bool   `json:"bad"`
}

// fleetRow is one app. Its names are short: they are repeated in each.
type fleetRow struct {
	App        string `json:"a,omitempty"`
	Repository string `json:"o,omitempty"`
	Branch     string `json:"b,omitempty"`
	Head       string `json:"h,omitempty"` // the repository that the branch lives in, where it is another one
	Pull       int    `json:"n,omitempty"`
	PullPage   string `json:"np,omitempty"`
	Commit     string `json:"c,omitempty"`
	CommitPage string `json:"cp,omitempty"`
	Namespace  string `json:"ns,omitempty"`
	Release    string `json:"r,omitempty"`
	State      int    `json:"s"` // its place in States
	Verdict    string `json:"v,omitempty"`
	VerdictAt  int64  `json:"va,omitempty"`
	Revision   int    `json:"rev,omitempty"`
	Deployed   int64  `json:"d,omitempty"`
	Expires    int64  `json:"e,omitempty"`
	Requests   string `json:"q,omitempty"`
	URL        string `json:"u,omitempty"`
	RunPage    string `json:"rp,omitempty"`
	Keep       string `json:"k,omitempty"`
	Doubt      string `json:"x,omitempty"`
	Drift      string `json:"df,omitempty"` // what was not as its record says, where it was looked at just now
}

func fleetStates() []fleetState {
	all := make([]fleetState, len(fleet.States))
	for i, s := range fleet.States {
		all[i] = fleetState{string(s), s.Bad()}
	}
	return all
}

func fleetRowOf(a *fleet.App) fleetRow {
	row := fleetRow{
		App: bounded(a.Name), Repository: bounded(a.Origin.Repository), Branch: bounded(a.Origin.Branch), Pull: a.Origin.PullRequest,
		PullPage: Address(a.PullPage()), Commit: bounded(a.Commit), CommitPage: Address(a.CommitPage()), Namespace: bounded(a.Namespace),
		Release: bounded(a.Release), Verdict: bounded(a.Verdict), VerdictAt: millis(a.VerdictAt), Revision: a.Revision,
		Deployed: millis(a.Deployed), Expires: millis(a.Expires), Requests: bounded(a.Requests), URL: Address(a.URL),
		RunPage: Address(a.RunPage()), Keep: bounded(a.Keep), Doubt: bounded(cmp.Or(a.Doubt, a.Unreadable)),
	}
	if head := a.Origin.HeadRepository; !strings.EqualFold(head, a.Origin.Repository) {
		row.Head = bounded(head)
	}
	if len(a.Drift) > 0 {
		row.Drift = bounded(fleetDrift(a))
	}
	for i, s := range fleet.States {
		if s == a.State() {
			row.State = i
		}
	}
	return row
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/berth-dev/berth/internal/fleet"
)

// FleetSchema is the version of the JSON list of review apps. Fields may be added under it; one
// that changes its meaning or goes away makes a new version.
const FleetSchema = "berth.dev/fleet/v1"

// FleetDocument is what berth list says of many review apps. Fields may be added under this
// version; readers ignore those that they do not know.
//
// docs/fleet.schema.json is generated from these types and their comments.
type FleetDocument struct {
	// The version of this list.
	Schema string `json:"schema"`
	// When the apps were listed, by the API server's clock, UTC.
	At time.Time `json:"at"`
	// Whether the API server has not answered since then, so that the list may be out of date. Absent when it is
	// not.
	Stale bool `json:"stale,omitempty"`
	// The repository whose apps alone are listed, with its host. Absent when everybody's are.
	Repository string `json:"repository,omitempty"`
	// The namespace in which alone it was looked. Absent when it was in all.
	Namespace string `json:"namespace,omitempty"`
	// How a look at each of them ended. Absent when nobody looked, and the list is of what is stored.
	Ended *FleetEnded `json:"ended,omitempty"`
	// The review apps, by namespace and release.
	Apps []FleetApp `json:"apps"`
}

// FleetState is how a review app stands, as far as its stamps tell.
type FleetState string

// FleetApp is one review app.
type FleetApp struct {
	// The app's name. Absent when it is not known, as of a release that is not Berth's.
	App string `json:"app,omitempty"`
	// Its namespace.
	Namespace string `json:"namespace"`
	// Its release. Absent when nothing is stored and its namespace does not say.
	Release string `json:"release,omitempty"`
	// Whether branches share the namespace, so that it stays when the app goes.
	Shared bool `json:"shared"`
	// Host of the platform.
	Host string `json:"host,omitempty"`
	// Base repository, owner/name.
	Repository string `json:"repository,omitempty"`
	// Repository that the branch lives in, where that is a fork.
	HeadRepository string `json:"headRepository,omitempty"`
	// The branch.
	Branch string `json:"branch,omitempty"`
	// Number of the pull or merge request.
	PullRequest int `json:"pullRequest,omitempty"`
	// Its page.
	PullRequestURL string `json:"pullRequestUrl,omitempty"`
	// The commit that is deployed. Absent when it is not known, as after a rollback.
	Commit string `json:"commit,omitempty"`
	// Its page.
	CommitURL string `json:"commitUrl,omitempty"`
	// URL at which the app answers.
	URL string `json:"url,omitempty"`
	// Page of the run that deployed it last.
	RunURL string `json:"runUrl,omitempty"`
	// How the app stands.
	State FleetState `json:"state"`
	// Whether a person should look at it.
	Bad bool `json:"bad"`
	// The last stored revision; 0 when nothing is stored.
	Revision int `json:"revision" jsonschema:"minimum=0"`
	// The status that the last record's label names.
	Status string `json:"status,omitempty"`
	// When its own namespace was made, or the oldest of its records that is left.
	Created time.Time `json:"created,omitzero"`
	// When the last deploy began, as far as that is known.
	Deployed time.Time `json:"deployed,omitzero"`
	// Whether deployed is stamped, and not derived from the last record.
	Dated bool `json:"dated"`
	// When the app may go. Absent when it has no ttl.
	Expires time.Time `json:"expires,omitzero"`
	// What its pods ask for. Absent when it is not known.
	Requests *FleetRequests `json:"requests,omitempty"`
	// How the last run ended that found out how the app stands, in the word of the output verdict.
	Verdict string `json:"verdict,omitempty"`
	// When that was.
	VerdictAt time.Time `json:"verdictAt,omitzero"`
	// Why the app is to be kept.
	Keep string `json:"keep,omitempty"`
	// Why it is not known whose the app is, or until when it may stay.
	Doubt string `json:"doubt,omitempty"`
	// The look at it. Absent when nobody looked.
	Visit *FleetVisit `json:"visit,omitempty"`
}

// FleetRequests are amounts as Kubernetes writes them.
type FleetRequests struct {
	// Such as 250m.
	CPU string `json:"cpu"`
	// Such as 1Gi.
	Memory string `json:"memory"`
}

// FleetJSON returns the FleetDocument, indented. Strings are given as they were met, escaped as
// JSON only, as in the report of a run.
func FleetJSON(f Fleet) ([]byte, error) {
	var b bytes.Buffer
	err := WriteFleetJSON(&b, f)
	return b.Bytes(), err
}

// WriteFleetJSON writes what FleetJSON returns, an app at a time: ten thousand are ten megabytes, and
// encoding/json would hold them several times.
func WriteFleetJSON(w io.Writer, f Fleet) error {
	out := bufio.NewWriter(w) // which keeps the first error
	frame, err := indented(FleetDocument{Schema: FleetSchema, At: f.At.UTC(), Stale: f.Stale, Repository: f.Repository,
		Namespace: f.Namespace, Ended: newFleetEnded(f.Ended), Apps: []FleetApp{}}, "")
	if err != nil {
		return err
	}
	const none = `"apps": []`
	before, after, _ := bytes.Cut(frame, []byte(none))
	_, _ = out.Write(before)
	for i := range f.Apps {
		app, err := indented(visited(newFleetApp(f.Apps[i]), f.Ended, i), "    ")
		if err != nil {
			return err
		}
		begin := ","
		if i == 0 {
			begin = none[:len(none)-1]
		}
		_, _ = out.WriteString(begin + "\n    ")
		_, _ = out.Write(app)
	}
	end := "\n  ]"
	if len(f.Apps) == 0 {
		end = none
	}
	_, _ = out.WriteString(end)
	_, _ = out.Write(after)
	_ = out.WriteByte('\n')
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write the list of review apps: %w", err)
	}
	return nil
}

// indented returns a value as JSON, safe to be shown, whose lines but the first begin with prefix.
func indented(value any, prefix string) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent(prefix, "  ")
	if err := enc.Encode(value); err != nil {
		return nil, fmt.Errorf("encode the list of review apps: %w; please report this as a bug", err)
	}
	return plainJSON(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}

func newFleetApp(a fleet.App) FleetApp {
	app := FleetApp{
		App: a.Name, Namespace: a.Namespace, Release: a.Release, Shared: a.Shared, Host: a.Host, Repository: a.Origin.Repository,
		Branch: a.Origin.Branch, PullRequest: a.Origin.PullRequest, PullRequestURL: Address(a.PullPage()), Commit: a.Commit,
		CommitURL: Address(a.CommitPage()), URL: a.URL, RunURL: Address(a.RunURL), State: FleetState(a.State()), Bad: a.State().Bad(),
		Revision: a.Revision, Status: string(a.Status), Created: a.Created.UTC(), Deployed: a.Deployed.UTC(), Dated: a.Dated,
		Expires: a.Expires.UTC(), Verdict: a.Verdict, VerdictAt: a.VerdictAt.UTC(), Keep: a.Keep, Doubt: a.Doubt,
	}
	if ofFork(&a) {
		app.HeadRepository = a.Origin.HeadRepository
	}
	if app.Doubt == "" {
		app.Doubt = a.Unreadable
	}
	if cpu, memory := requestOf(&a, "cpu"), requestOf(&a, "memory"); cpu != "" || memory != "" {
		app.Requests = &FleetRequests{CPU: cpu, Memory: memory}
	}
	return app
}

package report

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/fleet"
)

var fleetAt = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

func fleetPage(t *testing.T, apps ...fleet.App) string {
	t.Helper()
	page, err := FleetPage(Fleet{Apps: apps, At: fleetAt, Repository: "acme/shop"})
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

// fleetRows returns what a page gives its script to show.
func fleetRows(t *testing.T, page string) fleetData {
	t.Helper()
	found := regexp.MustCompile(`(?s)<script type="application/json" id="data">(.*?)</script>`).FindStringSubmatch(page)
	if found == nil {
		t.Fatal("the page has no data")
	}
	var data fleetData
	if err := json.Unmarshal([]byte(found[1]), &data); err != nil {
		t.Fatal(err)
	}
	return data
}

// Whoever names a branch, or may write annotations, writes on this page.
func TestFleetPageShowsHostileTextAsText(t *testing.T) {
	hostile := `</script><script>alert(1)</script>##[error] ##vso[x] <!-- <img src=x onerror=alert(1)> ` +
		"`${alert(1)}` \u2028 \x00\x1b[31m\u202e"
	page := fleetPage(t, fleet.App{
		Name: hostile, Namespace: hostile, Release: hostile, Host: hostile, Commit: hostile, Requests: hostile, Verdict: hostile,
		Keep: hostile, Doubt: hostile, URL: "javascript:alert(1)", RunURL: "javascript:alert(1)",
		Origin: facts.Origin{Repository: hostile, HeadRepository: "other" + hostile, Branch: hostile, PullRequest: 7},
	})
	if n := strings.Count(page, "<script"); n != 2 {
		t.Errorf("the page has %d scripts", n)
	}
	for _, bad := range []string{"<img", "javascript:", "\x1b", "\u202e", "\u2028", "<!--", "##"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	row := fleetRows(t, page).Apps[0]
	if row.URL+row.PullPage+row.RunPage+row.CommitPage != "" || !strings.HasPrefix(row.Branch, "</script><script>alert(1)") {
		t.Errorf("got %+v", row)
	}
}

// A policy that does not fit the page makes an empty one of it.
func TestFleetPagePolicyFitsThePage(t *testing.T) {
	page := fleetPage(t)
	for tag, text := range map[string]string{"style": fleetStyle, "script": fleetScript} {
		if !strings.Contains(page, "<"+tag+">"+text+"</"+tag+">") {
			t.Errorf("the %s is not in the page as it is hashed", tag)
		}
		if !strings.Contains(page, tag+"-src "+hashSource(text)+";") {
			t.Errorf("the policy does not allow the %s", tag)
		}
	}
	if regexp.MustCompile(`(?i)(src|href)="?(https?:)?//`).MatchString(strings.ReplaceAll(page, "https://github.com/berth-dev/", "")) {
		t.Error("the page loads something")
	}
}

func TestFleetPageRows(t *testing.T) {
	app := fleet.App{
		Name: "shop", Namespace: "review-shop-b", Release: "shop", Host: "github.com", Commit: "0123456789", Revision: 3,
		Origin: facts.Origin{Repository: "acme/shop", HeadRepository: "acme/shop", Branch: "b", PullRequest: 7},
		Status: facts.StatusFailed, Deployed: fleetAt, Expires: fleetAt.Add(time.Hour), Requests: "cpu=250m,memory=1Gi",
		URL: "https://b.example.com", RunURL: "https://github.com/acme/shop/actions/runs/1",
		Checked: true, Drift: []string{"ConfigMap/a: data", "ConfigMap/b: data"},
	}
	data := fleetRows(t, fleetPage(t, app))
	want := fleetRow{
		App: "shop", Namespace: "review-shop-b", Release: "shop", Repository: "acme/shop", Branch: "b", Pull: 7, Revision: 3,
		PullPage: "https://github.com/acme/shop/pull/7", Commit: "0123456789", CommitPage: "https://github.com/acme/shop/commit/0123456789",
		State: 2, Deployed: fleetAt.UnixMilli(), Expires: fleetAt.Add(time.Hour).UnixMilli(), Requests: "cpu=250m,memory=1Gi",
		URL: "https://b.example.com", RunPage: "https://github.com/acme/shop/actions/runs/1", Drift: "ConfigMap/a: data, and 1 more object",
	}
	if len(data.Apps) != 1 || data.Apps[0] != want || data.At != fleetAt.UnixMilli() || len(data.States) != len(fleet.States) {
		t.Errorf("got %+v, want %+v", data, want)
	}
	if page := fleetPage(t); fleetRows(t, page).Apps == nil {
		t.Error("without apps the script has no list to go over")
	}
}

func BenchmarkFleetPage(b *testing.B) {
	apps := make([]fleet.App, 10_000)
	for i := range apps {
		apps[i] = fleet.App{
			Name: "shop", Namespace: fmt.Sprintf("review-shop-%d", i), Release: "shop", Host: "github.com", Commit: "0123456789",
			Origin: facts.Origin{Repository: "acme/shop", Branch: fmt.Sprintf("feature/%d", i), PullRequest: i}, Revision: 1,
			Status: facts.StatusDeployed, Deployed: fleetAt, URL: fmt.Sprintf("https://%d.example.com", i),
		}
	}
	for b.Loop() {
		page, err := FleetPage(Fleet{Apps: apps, At: fleetAt, Repository: "acme/shop"})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(page)), "bytes/page")
	}
}

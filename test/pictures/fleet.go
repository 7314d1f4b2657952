package main

import (
	"html"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/fleet"
	"github.com/berth-dev/berth/internal/report"
	"github.com/berth-dev/berth/internal/result"
)

// fleetPage returns the page of the review apps.
func fleetPage() ([]byte, error) {
	now := time.Now()
	return report.FleetPage(report.Fleet{Apps: someApps(now), At: now, Repository: "acme/shop"})
}

// metricsText names the picture of the metrics of the same apps, as a browser shows their text.
const metricsText = "metrics"

func metricsPage() []byte {
	now := time.Now()
	text := report.FleetMetrics(report.Survey{Whole: true, Live: true, Now: now, Age: 12 * time.Second,
		Fleet: report.Fleet{Apps: someApps(now)},
		Sweeps: &result.SweepTotals{Ends: map[result.SweepEnd]int64{result.SweepComplete: 41, result.SweepIncomplete: 2, result.SweepDry: 3},
			Deleted: 97, Failed: 2, LastRun: now.Add(-6 * time.Hour), LastSuccess: now.Add(-6 * time.Hour)}})
	const style = "font: 13px/1.4 monospace; margin: 12px; white-space: pre-wrap"
	return []byte(`<!DOCTYPE html><meta charset="utf-8"><title>Metrics</title><pre style="` + style + `">` +
		html.EscapeString(string(text)) + "</pre>")
}

// someApps are review apps, one in each state that a person sees often.
func someApps(now time.Time) []fleet.App {
	app := func(branch string, pull int, age, left time.Duration, status facts.Status, requests string) fleet.App {
		slug := branch
		a := fleet.App{
			Name: "shop", Namespace: "review-shop-" + slug, Release: "shop", Host: "github.com", Commit: "8f1c2e4b7a90",
			Origin: facts.Origin{Repository: "acme/shop", Branch: branch, PullRequest: pull}, Revision: 1 + pull%4, Status: status,
			Deployed: now.Add(-age), Requests: requests, URL: "https://" + slug + ".review.acme.example",
			RunURL: "https://github.com/acme/shop/actions/runs/1", Verdict: "consistent", VerdictAt: now.Add(-age),
		}
		if left != 0 {
			a.Expires = now.Add(left)
		}
		return a
	}
	const day = 24 * time.Hour
	apps := []fleet.App{
		app("checkout-redesign", 412, 3*time.Hour, 3*day, facts.StatusDeployed, "cpu=500m,memory=1Gi"),
		app("fix-vat-rounding", 409, 26*time.Hour, 2*day, facts.StatusDeployed, "cpu=500m,memory=1Gi"),
		app("search-index-v2", 398, 5*day, 2*day, facts.StatusPendingUpgrade, "cpu=1500m,memory=4Gi"),
		app("payments-sandbox", 391, 9*day, 0, facts.StatusDeployed, "cpu=2,memory=6Gi"),
		app("bump-postgres", 404, 50*time.Minute, 3*day, facts.StatusFailed, "cpu=250m,memory=512Mi"),
		app("newsletter", 377, 8*day, -day, facts.StatusDeployed, "cpu=500m,memory=1Gi"),
		app("dark-mode", 411, 40*time.Second, 3*day, facts.StatusPendingInstall, ""),
		app("i18n-de", 402, 2*day, day, facts.StatusDeployed, "cpu=500m,memory=1Gi"),
	}
	apps[2].Verdict, apps[4].Verdict, apps[6].Verdict = "", "deploy-failed", ""
	apps[3].Keep = "the label keep"
	apps[6].Held = true
	apps[7].Verdict, apps[7].VerdictAt = "inconsistent", now.Add(-5*time.Hour)
	apps[1].Origin.HeadRepository = "mallory/shop"
	return apps
}

package main

import (
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/fleet"
	"github.com/berth-dev/berth/internal/report"
)

// fleetPage returns the page of some review apps, one in each state that there is.
func fleetPage() ([]byte, error) {
	now := time.Now()
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
	return report.FleetPage(report.Fleet{Apps: apps, At: now, Repository: "acme/shop"})
}

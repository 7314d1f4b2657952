package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
)

// step is one thing that is shown.
type step struct {
	title string
	about string
	play  func(context.Context, *demo) error
	saw   string
}

// steps is the whole demo, in its order.
var steps = []step{
	{
		"Deploy a review app for the branch feature/login",
		"The chart is examples/web: a web server, its configuration, an Ingress, and a database migration that runs first. " +
			"Berth installs it with the Helm SDK, then reads back what was stored and what runs.",
		deployReviewApp,
		"Berth deployed a review app for a branch, and called it done only after reading the record and the objects back.",
	},
	{
		"Look at what is there",
		"Nothing special: a namespace, the chart's objects, and Helm's record of the release, which is a Secret.",
		lookAround,
		"Its objects and its record are plain Helm: helm status, helm upgrade and helm uninstall work on them.",
	},
	{
		"Get a release stuck, with Helm alone",
		"A pipeline's ServiceAccount may get, list and create Secrets, but not update them. " +
			"Helm deploys the same chart with it, without Berth. This is https://github.com/helm/helm/issues/13189.",
		getStuck,
		"Helm alone reported a release as deployed while its record stayed pending-install, and the next upgrade was refused.",
	},
	{
		"Have Berth find it, explain it and heal it",
		"Somebody grants the missing permission; by itself, that heals nothing. " +
			"Berth's check says what is wrong and changes nothing of it. " +
			"Its repair proves that only the record is wrong, and corrects the record.",
		repairStuck,
		"berth check named what was wrong; berth repair corrected the record alone, and the same pods ran on.",
	},
	{
		"Meet the same permissions with Berth",
		"An account like the one before, in a namespace of its own. Berth asks for its permissions before the first write. " +
			"Then what it printed is applied, and the same command runs again.",
		preventStuck,
		"With Berth in front, the missing permission stopped the deploy before anything was made, " +
			"and the RBAC it printed was all that was missing.",
	},
	{
		"Read the job summary",
		"On GitHub this is the job's summary page; elsewhere it is report.md. It is the summary of the repair in step 4.",
		showSummary,
		"Every run leaves a summary to read, beside annotations, JSON and JUnit.",
	},
	{
		"Take everything down",
		"Berth uninstalls the review app and deletes the namespace that it made. The demo deletes its own two.",
		takeDown,
		"berth teardown removed the release and the namespace that Berth had made, and waited until both were gone.",
	},
}

// deployFlags are the review app's chart and values.
func (d *demo) deployFlags() []string {
	flags := []string{
		"--chart", filepath.Join(d.examples, "web"), "--values", filepath.Join(d.examples, "values-review.yaml"),
		"--sha", "4f2c1aa", "--url", "http://{{ .Namespace }}.review.example.com",
		"--set-string", "host={{ .Host }}", "--set-string", "config.BRANCH={{ .Branch }}",
		"--set-string", `podAnnotations.review\.example\.com/commit={{ .SHA }}`,
	}
	for _, value := range d.images() {
		flags = append(flags, "--set", value)
	}
	return flags
}

func deployReviewApp(ctx context.Context, d *demo) error {
	_, err := d.run(ctx, "deploy", d.app, nil, []int{0}, d.deployFlags()...)
	return err
}

func lookAround(ctx context.Context, d *demo) error {
	if err := d.showObjects(ctx, d.app); err != nil {
		return err
	}
	return d.showRecord(ctx, d.app, "deployed")
}

func showSummary(_ context.Context, d *demo) error {
	out := d.frame()
	fmt.Fprint(out, folded.ReplaceAllString(d.summary, "▸ $1"))
	out.close("report.md; ▸ is what the page shows folded")
	if !strings.Contains(d.summary, "promote") {
		return errors.New("the summary of the repair does not name it")
	}
	return nil
}

// folded is a part of a summary that a page shows closed.
var folded = regexp.MustCompile(`(?s)<details><summary>(.*?)</summary>.*?</details>`)

func takeDown(ctx context.Context, d *demo) error {
	if _, err := d.run(ctx, "teardown", d.app, nil, []int{0}); err != nil {
		return err
	}
	left, err := d.cluster.deleteNamespaces(ctx)
	if err != nil {
		return err
	}
	for _, name := range left {
		if name == d.app {
			return fmt.Errorf("berth teardown left namespace %s", name)
		}
		d.fact("Namespace "+name, "gone")
	}
	return nil
}

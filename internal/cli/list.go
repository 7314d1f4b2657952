package cli

import (
	"context"
	"time"

	"github.com/berth-dev/berth/internal/ci"
	"github.com/berth-dev/berth/internal/fleet"
	"github.com/berth-dev/berth/internal/helm/record"
	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/kube"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/report"
	"github.com/berth-dev/berth/internal/verb"
)

// lister lists review apps for one run.
type lister struct {
	Process
	out     console
	options *input.Options
	survey  survey
	now     func() time.Time // by the API server's clock
}

// list lists the review apps and returns the exit code.
func (p Process) list(ctx context.Context, out console, o *input.Options) int {
	var aside notes
	fail := func(err error) int {
		if i := interruptOf(ctx); i != nil {
			if o.Watch {
				return exitCode(problem.Of(i).Reason) // whoever watches ends it so
			}
			err = i
		}
		r := p.notStarted(verb.List, err)
		r.Notes = append(r.Notes, aside.list()...)
		return p.conclude(out, o, r)
	}
	kind, err := record.ParseDriver(p.getenv("HELM_DRIVER"))
	if err != nil {
		return fail(err)
	}
	conn, err := kube.Connect(ctx, p.kubeOptions(out, &aside, o))
	if err != nil {
		return fail(err)
	}
	defer conn.Close()
	l := lister{p, out, o, newSurvey(conn, kind, o.Namespace, o.AllReleases), server{conn}.Now}
	if o.Watch {
		if err = l.watch(ctx); err == nil {
			err = context.Cause(ctx)
		}
		return fail(err)
	}
	limited, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	apps, err := l.survey.read(limited)
	if err == nil {
		err = l.print(l.fleetOf(apps))
	}
	if err != nil {
		return fail(err)
	}
	for _, note := range aside.list() {
		out.Warn(note.Title, note.Message)
	}
	for _, t := range conn.Traffic() {
		out.debug("requests: %s %s: %d, %d bytes received", t.Verb, t.Resource, t.Count, t.Received)
	}
	return exitOK
}

// fleetOf returns the list of those apps that were asked for, without secrets. It takes the apps over.
func (l lister) fleetOf(apps []fleet.App) report.Fleet {
	o := l.options
	f := report.Fleet{At: l.now(), Namespace: o.Namespace, Every: o.AllReleases}
	if o.Repository != "" && !o.AllRepositories && !o.AllReleases {
		f.Repository = o.Host + "/" + o.Repository
	}
	f.Apps = apps[:0] // there may be ten thousand
	for i := range apps {
		if f.Repository == "" || apps[i].OfRepository(o.Host, o.Repository) {
			f.Apps = append(f.Apps, apps[i].WithText(l.mask.Text))
		}
	}
	return f
}

// print prints the list in the form that was asked for, and writes the files of the report.
func (l lister) print(f report.Fleet) (err error) {
	if dir := l.options.ReportDir; dir != "" {
		files, err := fleetFiles(f)
		if err != nil {
			return err
		}
		if err := ci.WriteFiles(dir, files); err != nil {
			l.out.Warn("The report is not written", err.Error())
		}
	}
	var document []byte
	switch l.options.Output {
	case "json":
		if document, err = report.FleetJSON(f); err != nil {
			return err
		}
	case "html":
		if document, err = report.FleetPage(f.Apps, f.At, f.Repository); err != nil {
			return err
		}
	case "markdown":
		document = []byte(report.FleetMarkdown(f))
	default:
		width, _, _ := l.out.screen.Room()
		l.out.Line(report.FleetText(f, width))
		return nil
	}
	if l.options.Output != "json" { // which has none as it is; what is printed may be a job's log
		document = []byte(report.WithoutCommands(string(document)))
	}
	if _, err = l.Stdout.Write(document); err != nil {
		l.out.Warn("The list is not printed", err.Error())
	}
	return nil
}

// fleetFiles are the files of a list's report, by their names.
func fleetFiles(f report.Fleet) (map[string][]byte, error) {
	data, err := report.FleetJSON(f)
	if err != nil {
		return nil, err
	}
	page, err := report.FleetPage(f.Apps, f.At, f.Repository)
	if err != nil {
		return nil, err
	}
	return map[string][]byte{"fleet.json": data, "fleet.md": []byte(report.FleetMarkdown(f)), "fleet.html": page}, nil
}

package cli

import (
	"io"

	"github.com/berth-dev/berth/internal/ci"
	"github.com/berth-dev/berth/internal/report"
	"github.com/berth-dev/berth/internal/result"
)

// publish prints the list in the form that was asked for, writes the files of the report, and
// shows it where the platform shows such things. ended is how a look at each of the apps ended; nil
// where nobody looked. It returns the exit code.
func (l lister) publish(f report.Fleet, ended *result.Result) (code int) {
	if ended != nil {
		var masked result.Result
		masked, code = l.concluded(l.out, l.options, *ended)
		f.Ended = &masked
	}
	p, err := l.publication(f)
	if err == nil {
		err = l.out.PublishFleet(p, l.options.ReportDir)
	}
	if err != nil {
		l.out.Warn("The report is not written", err.Error())
	}
	if err := l.print(f); err != nil {
		l.out.Warn("The list is not printed", err.Error())
	}
	return code
}

// publication is what is public of a list. Whoever has it printed as Markdown hands that to the
// job's summary.
func (l lister) publication(f report.Fleet) (p ci.Publication, err error) {
	p = ci.Publication{Document: "fleet.json", Page: "fleet.html", Ended: f.Ended}
	if l.options.Output != "markdown" {
		p.Summary = report.FleetSummaryPage(f)
	}
	if l.options.ReportDir == "" {
		return p, nil
	}
	data, err := report.FleetJSON(f)
	if err != nil {
		return p, err
	}
	page, err := report.FleetPage(f)
	if err != nil {
		return p, err
	}
	p.Files = map[string][]byte{p.Document: data, "fleet.md": []byte(report.FleetMarkdown(f)), p.Page: page}
	if f.Ended != nil {
		p.Files["junit.xml"], err = report.JUnit(*f.Ended)
	}
	return p, err
}

// print prints the list in the form that was asked for.
func (l lister) print(f report.Fleet) (err error) {
	switch l.options.Output {
	case "json":
		return report.WriteFleetJSON(l.Stdout, f)
	case "html":
		return report.WriteFleetPage(l.Stdout, f)
	case "markdown":
		_, err = io.WriteString(l.Stdout, report.WithoutCommands(report.FleetMarkdown(f))) // it may be a job's log
		return err
	default:
		width, _, _ := l.out.screen.Room()
		l.out.lines(report.FleetText(f, width))
		return nil
	}
}

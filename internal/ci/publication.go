package ci

import (
	"github.com/berth-dev/berth/internal/report"
	"github.com/berth-dev/berth/internal/result"
)

// Publication is what a run makes public beside its log.
type Publication struct {
	Files    map[string][]byte // of the report folder, by their names
	Document string            // which of them is for machines
	Page     string            // which of them is for people
	Summary  string            // Markdown, where the platform has a summary; empty: none
	Ended    *result.Result    // how the run ended, without secrets; nil: it had only to list something
}

// publicationOf is that of a run about one release, or of a sweep.
func publicationOf(r result.Result) (Publication, error) {
	files, err := reportFiles(r)
	return Publication{Files: files, Document: fileJSON, Page: filePage, Summary: string(files[fileMarkdown]), Ended: &r}, err
}

// notes are what is to be shown beside the job.
func (p Publication) notes() []result.Note {
	if p.Ended == nil {
		return nil
	}
	return report.Annotations(*p.Ended)
}

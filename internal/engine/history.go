package engine

import (
	"context"

	"github.com/berth-dev/berth/internal/verb"
	"github.com/berth-dev/berth/internal/verdict"
)

func init() { verbs[verb.History] = func(s *session) verbRun { return &history{s} } }

// history lists the stored revisions and never writes.
type history struct{ *session }

func (h *history) run(ctx context.Context) error {
	if err := h.find(ctx); err != nil {
		return err
	}
	f, err := h.gather.gatherStable(ctx, scope{})
	if err != nil {
		return err
	}
	if f.Last() == nil {
		return verdict.NotFound(h.options.App.Release, h.ns.name)
	}
	for _, r := range f.Records {
		h.report.evidence("revision %d is %s", r.Revision, r.LabelStatus)
	}
	h.report.result.Revision, h.report.result.Status = f.Last().Revision, f.Last().PayloadStatus
	return nil
}

func (h *history) success() string { return "" }

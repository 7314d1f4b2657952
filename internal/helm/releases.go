package helm

import (
	"context"

	"github.com/berth-dev/berth/internal/helm/record"
)

// Releases works on one release: on its chart, with Helm's operations, and on
// its stored records.
type Releases struct {
	*ChartSource
	*Operations
	*RecordStore
}

// New returns the operations of one release. open returns the backend of one
// operation, whose fence closes when ctx ends.
func New(opts Options, store *record.Store, open func(ctx context.Context) (Backend, error)) *Releases {
	source := &ChartSource{opts: opts, open: open}
	records := &RecordStore{release: opts.Release, store: store, loaded: map[string]*record.Loaded{}}
	return &Releases{
		ChartSource: source,
		RecordStore: records,
		Operations:  &Operations{opts: opts, open: open, chart: source, records: records},
	}
}

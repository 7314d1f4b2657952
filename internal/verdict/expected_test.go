package verdict

import (
	"testing"

	"github.com/berth-dev/berth/internal/facts"
)

// A hook that Berth has run since has marked its object.
func TestUnmarkedHooks(t *testing.T) {
	ran, failed := facts.Hook{Kind: "ClusterRole", Name: "migrate", Succeeded: true}, facts.Hook{Kind: "ClusterRole", Name: "migrate"}
	record := func(h facts.Hook, by string) facts.Record {
		return facts.Record{Stamp: facts.Stamp{Run: by}, Content: facts.Content{Hooks: []facts.Hook{h}}}
	}
	for name, c := range map[string]struct {
		records []facts.Record
		want    int
	}{
		"run by Helm":                            {[]facts.Record{record(ran, "")}, 1},
		"run by Helm, and failed":                {[]facts.Record{record(failed, "")}, 0},
		"run by Berth":                           {[]facts.Record{record(ran, "run")}, 0},
		"run by Helm, then by Berth":             {[]facts.Record{record(ran, ""), record(ran, "run")}, 0},
		"run by Helm, then not to Berth's hooks": {[]facts.Record{record(ran, ""), record(failed, "run")}, 1},
		"run by Berth, then by Helm":             {[]facts.Record{record(ran, "run"), record(ran, "")}, 1},
	} {
		if got := Expected(&facts.Facts{Records: c.records}).Unmarked; len(got) != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

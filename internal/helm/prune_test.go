package helm

import (
	"errors"
	"fmt"
	"testing"

	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/helm/record"
)

func TestPruningKeepsWhatAloneTells(t *testing.T) {
	const good, failed = release.StatusSuperseded, release.StatusFailed
	type revision struct {
		status release.Status
		maps   string // the names of its ConfigMaps, a letter each
		says   string
	}
	for name, c := range map[string]struct {
		history []revision
		pruned  bool // the first one may go
	}{
		"it ended well":                            {[]revision{{good, "ab", ""}, {failed, "a", ""}}, true},
		"a later one has its objects":              {[]revision{{failed, "ab", ""}, {failed, "a", ""}, {failed, "b", ""}}, true},
		"none has one of its objects":              {[]revision{{failed, "ab", ""}, {failed, "a", ""}}, false},
		"none has it, and a deploy went well":      {[]revision{{failed, "ab", ""}, {good, "a", "Upgrade complete"}, {failed, "a", ""}}, true},
		"none has it, and a sweep failed":          {[]revision{{failed, "ab", ""}, {good, "a", "Upgrade complete" + facts.Unswept}}, false},
		"none has it, and a rollback went well":    {[]revision{{failed, "ab", ""}, {good, "a", "Rollback to 1"}}, false},
		"none has it, and it was left unfinished":  {[]revision{{release.StatusPendingUpgrade, "ab", ""}, {failed, "a", ""}}, false},
		"it has no objects":                        {[]revision{{failed, "", ""}, {failed, "a", ""}}, true},
		"it is the last one, and nothing knows it": {[]revision{{failed, "a", ""}}, false},
	} {
		records := newPrunedRecords(driver.NewMemory(), "web", "review", t.Logf)
		for i, r := range c.history {
			rls := &release.Release{Name: "web", Namespace: "review", Version: i + 1,
				Info: &release.Info{Status: r.status, Description: r.says}}
			for n, letter := range r.maps {
				namespace := []string{"review", "\"\""}[(n+i)%2] // named or not, it is the same
				rls.Manifest += fmt.Sprintf("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: %c, namespace: %s}\n", letter, namespace)
			}
			if err := records.Create(record.Key("web", i+1), rls); err != nil {
				t.Fatal(err)
			}
		}
		key := record.Key("web", 1)
		if _, err := records.Delete(key); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := records.Get(key); errors.Is(err, driver.ErrReleaseNotFound) != c.pruned {
			t.Errorf("%s: %v", name, err)
		}
	}
}

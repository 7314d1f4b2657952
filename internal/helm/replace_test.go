package helm

import (
	"testing"

	"helm.sh/helm/v3/pkg/release"

	"github.com/berth-dev/berth/internal/facts"
)

// An install over a release that was uninstalled leaves its record as it is, also where something else has
// recorded it as replaced before it died. Helm supersedes it: that is the write which replacedRecords
// drops. Else a revision that was torn down would pass for one that is in service.
func TestReplaceLeavesWhatWasUninstalled(t *testing.T) {
	for name, before := range map[string]release.Info{
		"uninstalled":     {Status: release.StatusUninstalled, Description: "Uninstallation complete"},
		"replaced before": {Status: release.StatusSuperseded, Description: "superseded by new release"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSDK(t)
			s.store(1, before.Status, webMap)
			stored, err := s.records.Get("sh.helm.release.v1.web.v1")
			if err != nil {
				t.Fatal(err)
			}
			*stored.Info = before
			o, op := s.operations()
			c := &installClient{deployClient: &deployClient{client: s.client, core: noRecords()}}
			out, err := o.runMode(facts.ModeReplace, op, c.deployClient, chartOf(map[string]string{"web.yaml": webMap}), nil, nil)
			if err != nil || out.Err != nil || out.Revision != 2 || s.status(2) != release.StatusDeployed {
				t.Errorf("outcome %+v, %v", out, err)
			}
			if got := s.status(1); got != before.Status {
				t.Errorf("the revision before is stored as %s", got)
			}
			if len(s.calls) < 3 || s.calls[2] == "store revision 1 superseded" {
				t.Errorf("calls %q", s.calls)
			}
		})
	}
}

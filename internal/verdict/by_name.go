package verdict

import "github.com/berth-dev/berth/internal/facts"

// advice returns the next step for a branch's release, which berth deploy deploys, or the one
// for a release that is nobody's: its own deploy is not Berth's, and Helm's upgrade is
// refused where a record is stuck.
func advice(f *facts.Facts, ofBranch, ofNobody string) string {
	if f.Identity == "" {
		return ofNobody
	}
	return ofBranch
}

// The next steps for a release that is nobody's.
const (
	nextUnlockByName = "Run berth repair with --on-stuck unlock, which marks it failed so that your next deploy is not refused, " +
		"rollback to go back, or uninstall to take it away."
	nextAdoptByName   = "Run berth repair --adopt, which corrects the records."
	nextPromoteByName = `Correct the record in place, without a restart, since nothing else is wrong:
$ berth repair --on-stuck promote`
)

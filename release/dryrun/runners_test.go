//go:build dryrun

package dryrun

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// testRunners runs the example workflow and GitLab's pipeline through the emulators of the
// runners, with the pinned files and the image of this release: nothing is compiled there.
func (w *world) testRunners(t *testing.T) {
	for _, played := range []string{"GitHub/example", "GitLab/example"} {
		cmd := exec.CommandContext(t.Context(), "make", "--no-print-directory", "test-ci", "CASE="+played)
		cmd.Dir, cmd.Env = root, append(os.Environ(), "BERTH_TEST_RELEASE="+w.clones[0])
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", played, err, out)
		} else if log := string(out); strings.Contains(log, "built the image") || !strings.Contains(log, "pulled "+w.pins(t).Image) {
			t.Errorf("%s: the image that runs is another one:\n%s", played, out)
		}
	}
}

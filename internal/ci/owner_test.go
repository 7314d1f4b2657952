//go:build unix

package ci

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// What root leaves in a workspace belongs to whoever the workspace belongs to.
func TestReportsBelongToTheWorkspace(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file away")
	}
	const runner = 1001
	workspace := t.TempDir()
	if err := os.Chown(workspace, runner, runner); err != nil {
		t.Skip(err)
	}
	dir := filepath.Join(workspace, "out", "berth")
	if err := MakeReportFolder(dir); err != nil {
		t.Fatal(err)
	}
	if err := writeFiles(dir, map[string][]byte{"report.json": []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"out", "out/berth", "out/berth/report.json"} {
		info, err := os.Lstat(filepath.Join(workspace, path))
		if err != nil {
			t.Fatal(err)
		}
		if owner := info.Sys().(*syscall.Stat_t); owner.Uid != runner || owner.Gid != runner {
			t.Errorf("%s belongs to %d:%d", path, owner.Uid, owner.Gid)
		}
	}
	if left := names(t, dir); len(left) != 1 {
		t.Errorf("left are %q", left)
	}
	// A folder that was there keeps its owner, and a link gives nothing away.
	outside := t.TempDir()
	if err := os.Symlink(outside, filepath.Join(workspace, "link")); err != nil {
		t.Fatal(err)
	}
	giveAway(filepath.Join(workspace, "link"))
	if info, err := os.Stat(outside); err != nil || info.Sys().(*syscall.Stat_t).Uid != 0 {
		t.Errorf("a folder outside was given away: %v", err)
	}
}

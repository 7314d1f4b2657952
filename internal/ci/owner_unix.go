//go:build unix

package ci

import (
	"os"
	"path/filepath"
	"syscall"
)

// giveAway gives a folder that this run made to the owner of the folder that it is
// in. The action's container runs as root in a workspace that is the runner's, and the
// runner cannot delete what belongs to root when the next job cleans up. Only root may,
// and where it may not, nothing is lost.
func giveAway(folder string) {
	f, err := os.OpenFile(folder, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return
	}
	defer func() { _ = f.Close() }()
	giveFileAway(f)
}

// giveFileAway is giveAway for a file that is open. It goes by the open file and not
// by its name, which somebody else could have put to another file meanwhile.
func giveFileAway(f *os.File) {
	if os.Geteuid() != 0 {
		return
	}
	above, err := os.Stat(filepath.Dir(f.Name()))
	if err != nil {
		return
	}
	if owner, ok := above.Sys().(*syscall.Stat_t); ok {
		_ = f.Chown(int(owner.Uid), int(owner.Gid))
	}
}

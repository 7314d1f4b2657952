//go:build linux && node

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// folderPrefix begins the name of a run's folder, and so that of its cgroups.
const folderPrefix = "berth-node-"

// newFolder makes the folder of this run. Its lock is held as long as this process
// lives, so a free lock tells what a killed run left behind.
func newFolder() (dir string, lock *os.File, err error) {
	dir, err = os.MkdirTemp("", folderPrefix)
	if err != nil {
		return "", nil, fmt.Errorf("making the node's folder: %w", err)
	}
	lock, err = lockFolder(dir)
	return dir, lock, err
}

func lockFolder(dir string) (*os.File, error) {
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the lock of %s: %w", dir, err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		lock.Close()
		return nil, fmt.Errorf("locking %s: %w", dir, err)
	}
	return lock, nil
}

// sweep removes what runs have left behind that were killed: a folder and empty
// cgroups. Their processes and mounts went with them. A folder without a lock was
// kept for its logs, or is only just being made.
func sweep() error {
	locks, err := filepath.Glob(filepath.Join(os.TempDir(), folderPrefix+"*", "lock"))
	if err != nil {
		return fmt.Errorf("looking for what an earlier run left: %w", err)
	}
	for _, path := range locks {
		dir := filepath.Dir(path)
		lock, err := lockFolder(dir)
		if err != nil {
			continue // its run is alive
		}
		err = removeCgroups(filepath.Base(dir))
		if err == nil {
			err = os.RemoveAll(dir)
		}
		lock.Close()
		if err != nil {
			return fmt.Errorf("removing what an earlier run left: %w", err)
		}
	}
	return nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// errRunning says that a cluster holds the directory.
var errRunning = errors.New("a cluster is running there")

// Files of a directory that a fresh start leaves where they are.
const (
	lockFile      = "lock"
	supervisorLog = "supervisor.log"
	// controlSocket is where the supervisor listens for "stop". A relative
	// name, dialled from within the directory: a socket's path may only have
	// about a hundred bytes, and folders of tests are longer than that.
	controlSocket = "control"
)

// tryLock takes the directory's lock, or returns errRunning. The operating
// system frees the lock when the last process that has it open is gone, so
// nothing a crash leaves behind can be mistaken for a running cluster.
func tryLock(dir string) (*os.File, error) {
	path := filepath.Join(dir, lockFile)
	for {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("making the cluster's directory: %w", err)
		}
		file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
		if errors.Is(err, os.ErrNotExist) {
			continue // down removed the directory between the two calls
		}
		if err != nil {
			return nil, fmt.Errorf("opening the lock of the cluster's directory: %w", err)
		}
		if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
			file.Close()
			if errors.Is(err, syscall.EWOULDBLOCK) {
				return nil, errRunning
			}
			return nil, fmt.Errorf("locking %s: %w", path, err)
		}
		if sameFile(file, path) {
			return file, nil
		}
		file.Close() // down removed the file while we held it open
	}
}

func sameFile(file *os.File, path string) bool {
	mine, err := file.Stat()
	if err != nil {
		return false
	}
	current, err := os.Stat(path)
	return err == nil && os.SameFile(mine, current)
}

// waitLock takes the lock as soon as its holder lets go of it.
func waitLock(ctx context.Context, dir string) (*os.File, error) {
	for tick := time.NewTicker(20 * time.Millisecond); ; {
		file, err := tryLock(dir)
		if !errors.Is(err, errRunning) {
			return file, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for the cluster in %s to end: %w (%w)", dir, err, context.Cause(ctx))
		case <-tick.C:
		}
	}
}

// clearDir removes what an earlier start left in the directory, whose lock the
// caller holds.
func clearDir(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("listing the cluster's directory: %w", err)
	}
	for _, entry := range entries {
		switch entry.Name() {
		case lockFile, supervisorLog, controlSocket:
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, entry.Name())); err != nil {
			return fmt.Errorf("clearing the cluster's directory: %w", err)
		}
	}
	return nil
}

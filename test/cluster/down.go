package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

// down asks the supervisor to stop, by the socket it alone listens on: no
// process is ever looked up by number or name. It is done when the lock is
// free, which means that the last part is gone.
func down(dir string) error {
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		fmt.Println("no cluster is up")
		return nil
	}
	lock, err := tryLock(dir)
	wasRunning := errors.Is(err, errRunning)
	if wasRunning {
		ctx, cancel := context.WithTimeoutCause(context.Background(), 20*time.Second, errors.New("still there after 20s"))
		defer cancel()
		if lock, err = stopAndWait(ctx, dir); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("removing the cluster's directory: %w", err)
	}
	if wasRunning {
		fmt.Println("cluster is down")
	} else {
		fmt.Println("no cluster is up")
	}
	return nil
}

// stopAndWait repeats the request until the lock is free: a cluster that has
// only just been started does not listen yet.
func stopAndWait(ctx context.Context, dir string) (*os.File, error) {
	if err := os.Chdir(dir); err != nil {
		return nil, fmt.Errorf("entering the cluster's directory: %w", err)
	}
	for {
		if conn, err := net.Dial("unix", controlSocket); err == nil {
			_, _ = conn.Write([]byte("stop"))
			conn.Close()
		}
		short, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
		lock, err := waitLock(short, dir)
		cancel()
		if err == nil || ctx.Err() != nil {
			return lock, err
		}
	}
}

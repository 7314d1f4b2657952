package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"
)

const (
	superviseVerb = "supervise"
	// readyFD is where up reads the supervisor's one answer: "ready", or why
	// not. The next one is the lock, which up took.
	readyFD = 3
)

// supervise is the background process of up: it owns every part until it is
// told to stop or a part ends.
func supervise(dir string, s settings) error {
	answer := os.NewFile(readyFD, "answer")
	lock := os.NewFile(readyFD+1, lockFile)
	syscall.CloseOnExec(readyFD)
	syscall.CloseOnExec(readyFD + 1)
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	if err := os.Chdir(dir); err != nil {
		return fmt.Errorf("entering the cluster's directory: %w", err)
	}
	err := listen(cancel)
	var p *plane
	if err == nil {
		p, err = startPlane(stop, dir, s, lock)
	}
	if err != nil {
		fmt.Fprint(answer, err)
		return err
	}
	fmt.Fprint(answer, "ready")
	answer.Close()
	select {
	case <-stop.Done():
	case failed := <-p.failed:
		err = failed.ended() // a plane without this part would only confuse
	}
	// The kubeconfig goes first: it is what says that the cluster runs.
	return errors.Join(err, os.Remove(p.kubeconfigPath()), p.stop())
}

// listen accepts the request to stop. Only who may enter the directory can ask.
func listen(stop func()) error {
	if err := removeIfThere(controlSocket); err != nil { // of a supervisor that crashed
		return err
	}
	listener, err := net.Listen("unix", controlSocket)
	if err != nil {
		return fmt.Errorf("listening for the request to stop: %w", err)
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			word, _ := io.ReadAll(io.LimitReader(conn, 4))
			conn.Close()
			if string(word) == "stop" {
				stop()
			}
		}
	}()
	return nil
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

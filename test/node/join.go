//go:build linux && node

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/berth-dev/berth/test/node/registry"
)

// kubeletVariable tells the command which process the kubelet is, so that a row can
// stop it for a while.
const kubeletVariable = "BERTH_TEST_KUBELET_PID"

// startTimeout bounds the time until the node is ready. An idle machine needs a
// tenth of it.
const startTimeout = time.Minute

// node is what a join starts.
type node struct {
	dir   string // of the run
	plane string // of the plane: its credentials
	ended chan error
}

// join is the command of the plane: it adds the node, and runs the command that
// all of this is for.
func join(command []string) (int, error) {
	began := time.Now()
	n := &node{dir: os.Getenv(folderVariable), plane: filepath.Dir(os.Getenv("KUBECONFIG")), ended: make(chan error, 4)}
	if err := n.startRegistry(); err != nil {
		return 0, err
	}
	if err := n.serveAPI(); err != nil {
		return 0, err
	}
	if err := n.startContainerd(); err != nil {
		return 0, err
	}
	kubelet, err := n.startKubelet()
	if err != nil {
		return 0, err
	}
	if err := n.await("the node to be ready", n.ready); err != nil {
		return 0, err
	}
	fmt.Printf("A real node is ready after %.1fs.\n", time.Since(began).Seconds())
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", kubeletVariable, kubelet.Process.Pid))
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("starting %s: %w", command[0], err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	for {
		select {
		case err := <-n.ended:
			fmt.Fprintln(os.Stderr, "node:", err) // now: the command will fail in odd ways
		case err := <-done:
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				return 0, fmt.Errorf("waiting for %s: %w", command[0], err)
			}
			return cmd.ProcessState.ExitCode(), nil
		}
	}
}

// startRegistry serves the images, whole and broken ones.
func (n *node) startRegistry() error {
	program, err := beside("node-app")
	if err != nil {
		return err
	}
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		return fmt.Errorf("looking for the shell of the image: %w", err)
	}
	images, err := registry.New(program, busybox, os.Getenv("BERTH_TEST_BIN"))
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", registry.Address)
	if err != nil {
		return fmt.Errorf("listening as the registry: %w", err)
	}
	server := &http.Server{Handler: images, ReadHeaderTimeout: 10 * time.Second}
	go func() { n.ended <- fmt.Errorf("the registry ended: %w", server.Serve(listener)) }()
	return nil
}

// start starts a program that has to run as long as the node does.
func (n *node) start(name string, args ...string) (*exec.Cmd, error) {
	log, err := os.Create(filepath.Join(n.dir, filepath.Base(name)+".log"))
	if err != nil {
		return nil, fmt.Errorf("opening a log: %w", err)
	}
	defer log.Close()
	cmd := exec.Command(name, args...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	go func() { n.ended <- fmt.Errorf("%s ended (%w): its log is %s", name, cmd.Wait(), log.Name()) }()
	return cmd, nil
}

// await polls until the condition holds, a part of the node ends, or the time is over.
func (n *node) await(what string, holds func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	for tick := time.NewTicker(50 * time.Millisecond); ; {
		err := holds(ctx)
		if err == nil {
			return nil
		}
		select {
		case ended := <-n.ended:
			return fmt.Errorf("waiting for %s: %w", what, ended)
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: not within %s; last seen: %w", what, startTimeout, err)
		case <-tick.C:
		}
	}
}

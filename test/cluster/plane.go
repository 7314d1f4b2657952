package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// startTimeout bounds one start. A warm machine needs a tenth of it.
const startTimeout = 90 * time.Second

// plane is a control plane of which this process is the supervisor.
type plane struct {
	dir      string
	settings settings
	lock     *os.File
	ports    ports
	tokens   map[string]string // by user
	lifeline *os.File          // the write end: closing it ends every part
	parts    []*part
	failed   chan *part // the first part that ends on its own
}

// startPlane starts everything in dir, whose lock the caller holds, and returns
// once a pod can run, or be made where the node joins later. Another process may take a port between our choice and
// its use; that is seen in the part's log, and only then is the start repeated.
func startPlane(ctx context.Context, dir string, s settings, lock *os.File) (*plane, error) {
	const attempts = 4
	for attempt := 1; ; attempt++ {
		p, err := tryStart(ctx, dir, s, lock)
		var ended *partEnded
		if err == nil || attempt == attempts || !errors.As(err, &ended) || !ended.portTaken() {
			return p, err
		}
	}
}

func tryStart(ctx context.Context, dir string, s settings, lock *os.File) (*plane, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, fmt.Errorf("not ready within %s", startTimeout))
	defer cancel()
	if err := clearDir(dir); err != nil {
		return nil, err
	}
	p := &plane{dir: dir, settings: s, lock: lock, failed: make(chan *part, 1)}
	if err := p.start(ctx); err != nil {
		return nil, errors.Join(err, p.stop())
	}
	return p, nil
}

func (p *plane) start(ctx context.Context) (err error) {
	if err := writeCredentials(p.dir, p.settings.nodeIP); err != nil {
		return err
	}
	if p.ports, err = freePorts(); err != nil {
		return err
	}
	if err := p.writeAccess(); err != nil {
		return err
	}
	read, write, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("making the parts' lifeline: %w", err)
	}
	p.lifeline = write
	defer read.Close()

	launch := func(names ...string) error {
		for _, name := range names {
			if err := p.launch(name, read); err != nil {
				return err
			}
		}
		return nil
	}
	if err := launch("etcd"); err != nil {
		return err
	}
	if err := p.await(ctx, "etcd to listen", p.etcdListens); err != nil {
		return err
	}
	if err := launch("kube-apiserver"); err != nil {
		return err
	}
	// These two only need the API server to answer; they wait for the rest.
	if err := p.await(ctx, "the API server to be live", p.apiServerLive); err != nil {
		return err
	}
	if err := launch("kube-controller-manager", "kube-scheduler"); err != nil {
		return err
	}
	if err := p.await(ctx, "the API server to be ready", p.apiServerReady); err != nil {
		return err
	}
	if p.settings.node == noNode {
		err = p.await(ctx, "the account without which no pod is admitted", p.accountMade)
	} else if err = launch("kubelet"); err == nil {
		err = p.await(ctx, "a pod to be scheduled and become ready", p.podRuns())
	}
	if err != nil {
		return err
	}
	return p.publish()
}

// launch starts one part and watches for its end.
func (p *plane) launch(name string, lifeline *os.File) error {
	started, err := startPart(p.dir, name, lifeline, p.lock, p.args(name)...)
	if err != nil {
		return err
	}
	p.parts = append(p.parts, started)
	go func() {
		<-started.done
		select {
		case p.failed <- started:
		default: // another part was first
		}
	}()
	return nil
}

// await polls until the condition holds, a part ends, or ctx is over.
func (p *plane) await(ctx context.Context, what string, holds func(context.Context) error) error {
	for tick := time.NewTicker(25 * time.Millisecond); ; {
		err := holds(ctx)
		if err == nil {
			return nil
		}
		select {
		case failed := <-p.failed:
			return fmt.Errorf("waiting for %s: %w", what, failed.ended())
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w; last seen: %w; the parts' logs are in %s", what, context.Cause(ctx), err, p.dir)
		case <-tick.C:
		}
	}
}

// stop ends every part and waits until they are gone. Nothing in the directory
// is worth a graceful end.
func (p *plane) stop() error {
	if p.lifeline != nil {
		p.lifeline.Close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	var errs []error
	for _, part := range p.parts {
		errs = append(errs, part.waitGone(ctx))
	}
	return errors.Join(errs...)
}

// kubeconfigPath is where up and run leave the administrator's access.
func (p *plane) kubeconfigPath() string { return filepath.Join(p.dir, "kubeconfig") }

// publish makes the administrator's kubeconfig appear, whole, under the name
// others wait for.
func (p *plane) publish() error {
	if err := os.Rename(p.accessPath(adminUser), p.kubeconfigPath()); err != nil {
		return fmt.Errorf("publishing the kubeconfig: %w", err)
	}
	return nil
}

// writeKubeconfig writes one user's access, readable by the owner alone.
func writeKubeconfig(path, server, token string, ca []byte) error {
	config := clientcmdapi.NewConfig()
	config.Clusters["berth-test"] = &clientcmdapi.Cluster{Server: server, CertificateAuthorityData: ca}
	config.AuthInfos["user"] = &clientcmdapi.AuthInfo{Token: token}
	config.Contexts["berth-test"] = &clientcmdapi.Context{Cluster: "berth-test", AuthInfo: "user"}
	config.CurrentContext = "berth-test"
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

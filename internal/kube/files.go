package kube

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// maxFile is how many bytes are read of a kubeconfig, or of a file that it names. A
// device may have no end.
const maxFile = 16 << 20

// errUnread is why a file was not read, which may be told: it quotes nothing of it.
var errUnread = errors.New("it was not read")

// loadFiles reads kubeconfigs and merges them as kubectl does. What is no file may be a
// pipe, as from <(sops -d kubeconfig), and is taken by itself alone.
func (o Options) loadFiles(ctx context.Context, files []string) (*clientcmdapi.Config, error) {
	files = slices.DeleteFunc(slices.Clone(files), func(path string) bool { return path == os.DevNull })
	for _, path := range files {
		switch err := checkFile(path); {
		case err == nil:
		case len(files) > 1:
			return nil, fmt.Errorf("%w: one of several has to be a file, and %s: %w", errUnread, path, err)
		default:
			data, err := o.readFile(ctx, path)
			if err != nil {
				return nil, err
			}
			return clientcmd.Load(data)
		}
	}
	return (&clientcmd.ClientConfigLoadingRules{Precedence: files}).Load()
}

// readFile reads a file that the user named, which may be a pipe: it has as long as a
// request.
func (o Options) readFile(ctx context.Context, path string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, o.RequestTimeout)
	defer cancel()
	type answer struct {
		data []byte
		err  error
	}
	done := make(chan answer, 1)
	go func() { // what blocks in opening a FIFO cannot be ended
		file, err := os.Open(path)
		if err != nil {
			done <- answer{err: err}
			return
		}
		defer file.Close()
		data, err := io.ReadAll(io.LimitReader(file, maxFile+1))
		done <- answer{data, err}
	}()
	select {
	case a := <-done:
		if len(a.data) > maxFile {
			return nil, tooLarge()
		}
		return a.data, a.err
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: nobody wrote to it: %w", errUnread, context.Cause(ctx))
	}
}

func tooLarge() error {
	return fmt.Errorf("%w: it is larger than %d MiB, the most that is read", errUnread, maxFile>>20)
}

// checkFile refuses what is there and is no file, or larger than is read. Who opens a FIFO
// may wait for ever. Of what is not there, whoever reads it says so.
func checkFile(path string) error {
	if info, err := os.Stat(path); err == nil {
		switch {
		case !info.Mode().IsRegular():
			return fmt.Errorf("%w: %s is no file", errUnread, path)
		case info.Size() > maxFile:
			return tooLarge()
		}
	}
	return nil
}

// checkFiles refuses the files of a cluster and a user that are none: client-go opens them
// itself, and reads to their end.
func checkFiles(cluster *clientcmdapi.Cluster, user *clientcmdapi.AuthInfo) error {
	var paths []string
	if cluster != nil {
		paths = append(paths, cluster.CertificateAuthority)
	}
	if user != nil {
		paths = append(paths, user.ClientCertificate, user.ClientKey, user.TokenFile)
	}
	for _, path := range paths {
		if path == "" {
			continue
		}
		if err := checkFile(path); err != nil {
			return err
		}
	}
	return nil
}

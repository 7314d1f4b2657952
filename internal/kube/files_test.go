package kube

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What is no file ends in time, wherever it stands, and a pipe that somebody writes to is
// read.
func TestFilesThatHaveNoEnd(t *testing.T) {
	folder := t.TempDir()
	fifo, written := filepath.Join(folder, "fifo"), filepath.Join(folder, "written")
	if err := errors.Join(syscall.Mkfifo(fifo, 0o600), syscall.Mkfifo(written, 0o600)); err != nil {
		t.Fatal(err)
	}
	cluster := func(field, path string) string {
		return "apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts: [{name: c, context: {cluster: c, user: u}}]\n" +
			"clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1', " + field + ": " + path + "}}]\nusers: [{name: u, user: {token: t}}]\n"
	}
	user := func(field, path string) string {
		return strings.Replace(cluster("insecure-skip-tls-verify", "true"), "{token: t}", "{"+field+": "+path+"}", 1)
	}
	for _, path := range []string{fifo, "/dev/zero"} {
		for name, o := range map[string]Options{
			"kubeconfig":            {Kubeconfig: path},
			"one of two":            {Kubeconfig: path + ":" + filepath.Join(t.TempDir(), "none")},
			"$KUBECONFIG":           {Getenv: env(map[string]string{"KUBECONFIG": path})},
			"kube-ca":               {Server: "https://127.0.0.1:1", CA: path},
			"certificate-authority": {Kubeconfig: cluster("certificate-authority", path)},
			"client-certificate":    {Kubeconfig: user("client-certificate", path+", client-key: "+path)},
			"client-key":            {Kubeconfig: user("client-certificate-data", "eA==, client-key: "+path)},
			"tokenFile":             {Kubeconfig: user("tokenFile", path)},
		} {
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			_, err := Connect(ctx, o)
			cancel()
			if err == nil {
				t.Errorf("%s %s: no error", name, path)
			}
		}
	}

	go func() {
		_ = os.WriteFile(written, []byte(cluster("insecure-skip-tls-verify", "true")), 0o600)
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, err := Connect(ctx, Options{Kubeconfig: written}); err != nil {
		t.Errorf("a pipe: %v", err)
	}
	if _, err := (Options{}).withDefaults().loadFiles(ctx, []string{os.DevNull}); errors.Is(err, errUnread) {
		t.Errorf("%s: %v", os.DevNull, err)
	}
}

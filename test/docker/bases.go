//go:build image || ci || dryrun

package docker

import (
	"archive/tar"
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
)

// base is an image that the Dockerfile begins with, made here from what the
// machine has, in the shape of the official one.
type base struct {
	fill    func(*tar.Writer) error
	changes []string
}

// bases are the images of a Dockerfile by reference.
func bases(t *testing.T, dockerfile, proxy string) map[string]base {
	t.Helper()
	all := map[string]base{}
	for _, from := range regexp.MustCompile(`(?m)^FROM (\S+)`).FindAllStringSubmatch(dockerfile, -1) {
		switch name, _, _ := strings.Cut(from[1], ":"); name {
		case "busybox":
			all[from[1]] = base{Busybox, []string{`CMD ["sh"]`}}
		case "golang":
			all[from[1]] = base{golang, []string{
				"ENV GOTOOLCHAIN=local GOPATH=/go PATH=/go/bin:/usr/local/go/bin:/bin",
				"ENV GOPROXY=" + proxy, "WORKDIR /go"}}
		default:
			t.Fatalf("FROM %s: this test cannot make that image", from[1])
		}
	}
	return all
}

// load imports a base into the engine.
func (e *Engine) load(t *testing.T, reference string, b base) {
	t.Helper()
	args := []string{"import"}
	for _, change := range b.changes {
		args = append(args, "--change", change)
	}
	read, write := io.Pipe()
	filled := make(chan error, 1)
	go func() {
		w := tar.NewWriter(write)
		filled <- errors.Join(b.fill(w), w.Close(), write.Close())
	}()
	cmd := e.Command(nil, append(args, "-", reference)...)
	cmd.Stdin = read
	r := Run(t, cmd)
	if err := errors.Join(read.Close(), <-filled); err != nil || r.Code != 0 {
		t.Fatalf("make the image %s: %v, %s", reference, err, r)
	}
}

// Busybox writes a root of a static busybox and nothing else.
func Busybox(w *tar.Writer) error {
	path, err := exec.LookPath("busybox")
	if err != nil {
		return err
	}
	applets, err := exec.Command(path, "--list").Output()
	if err != nil {
		return err
	}
	errs := []error{
		folder(w, "bin/", 0o755), folder(w, "etc/", 0o755), folder(w, "root/", 0o700), folder(w, "tmp/", 0o1777),
		file(w, "etc/passwd", 0o644, "root:x:0:0:root:/root:/bin/sh\n"),
		file(w, "etc/group", 0o644, "root:x:0:\n"),
		copyFile(w, "bin/busybox", path),
	}
	for applet := range strings.FieldsSeq(string(applets)) {
		if applet != "busybox" {
			errs = append(errs, w.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: "bin/" + applet, Linkname: "busybox", Mode: 0o777}))
		}
	}
	return errors.Join(errs...)
}

func folder(w *tar.Writer, name string, mode int64) error {
	return w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: mode})
}

func file(w *tar.Writer, name string, mode int64, text string) error {
	header := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode, Size: int64(len(text)), ModTime: time.Now()}
	if err := w.WriteHeader(header); err != nil {
		return err
	}
	_, err := io.WriteString(w, text)
	return err
}

func copyFile(w *tar.Writer, name, from string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	return file(w, name, int64(info.Mode().Perm()), string(data))
}

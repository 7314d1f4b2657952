package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// layer is a layer of an image, or an archive, in the making. What is put into it is root's
// and has the date of the commit, so that the same files give the same bytes.
type layer struct {
	buffer bytes.Buffer
	tar    *tar.Writer
	dated  time.Time
	has    map[string]bool // folders
	failed error
}

func newLayer(dated time.Time) *layer {
	l := &layer{dated: dated, has: map[string]bool{}}
	l.tar = tar.NewWriter(&l.buffer)
	return l
}

// add puts a file into the layer, with the folders that it is in.
func (l *layer) add(name string, mode int64, data []byte) {
	l.folder(path.Dir(name))
	l.write(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode, Size: int64(len(data))}, data)
}

// tree puts a folder's files into the layer.
func (l *layer) tree(name string, from fs.FS) error {
	return fs.WalkDir(from, ".", func(file string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := fs.ReadFile(from, file)
		if err == nil {
			l.add(path.Join(name, file), 0o644, data)
		}
		return err
	})
}

func (l *layer) folder(name string) {
	if name == "." || l.has[name] {
		return
	}
	l.folder(path.Dir(name))
	l.has[name] = true
	l.write(&tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: 0o755}, nil)
}

func (l *layer) write(header *tar.Header, data []byte) {
	header.ModTime, header.Format = l.dated, tar.FormatUSTAR
	if len(header.Name) > 100 || strings.ContainsFunc(header.Name, func(r rune) bool { return r > 126 }) {
		header.Format = tar.FormatPAX
	}
	if l.failed == nil {
		l.failed = l.tar.WriteHeader(header)
	}
	if l.failed == nil {
		_, l.failed = l.tar.Write(data)
	}
}

// packed returns the files as a tar archive.
func (l *layer) packed() ([]byte, error) {
	if l.failed == nil {
		l.failed = l.tar.Close()
	}
	return l.buffer.Bytes(), l.failed
}

// done returns the layer, compressed as well as gzip can: it is made once and pulled by
// every job.
func (l *layer) done() (v1.Layer, error) {
	packed, err := l.packed()
	if err != nil {
		return nil, err
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(packed)), nil
	}, tarball.WithCompressionLevel(gzip.BestCompression))
}

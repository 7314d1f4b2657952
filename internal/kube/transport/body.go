package transport

import (
	"io"
	"sync"
)

// bodyTap is a response's body that reports how it is read.
type bodyTap struct {
	io.ReadCloser
	onRead func(n int, err error) error // called after each Read; returns the error that the reader is to see
	onEnd  func()                       // called once: read to the end, failed or closed
	end    sync.Once
}

// Read implements io.Reader.
func (t *bodyTap) Read(p []byte) (int, error) {
	n, err := t.ReadCloser.Read(p)
	err = t.onRead(n, err)
	if err != nil {
		t.end.Do(t.onEnd)
	}
	return n, err
}

// Close implements io.Closer.
func (t *bodyTap) Close() error {
	err := t.ReadCloser.Close()
	t.end.Do(t.onEnd)
	return err
}

package cli

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestPatient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reader, writer := io.Pipe()
		p := newPatient(writer, 10*time.Second)
		read := make(chan string, 10)
		listen := func() {
			b := make([]byte, 1000)
			n, _ := reader.Read(b)
			read <- string(b[:n])
		}
		go listen()
		if _, err := p.Write([]byte("one\n")); err != nil || <-read != "one\n" {
			t.Errorf("while somebody reads: %v", err)
		}
		began := time.Now()
		text := []byte("two\n")
		if _, err := p.Write(text); !errors.Is(err, errLate) || time.Since(began) != 10*time.Second {
			t.Errorf("nobody reads: %v after %s", err, time.Since(began))
		}
		copy(text, "xxx")
		for range 3 {
			if _, err := p.Write([]byte("lost\n")); !errors.Is(err, errLate) || time.Since(began) != 10*time.Second {
				t.Errorf("still nobody reads: %v after %s", err, time.Since(began))
			}
		}
		listen() // the write that is under way
		if got := <-read; got != "two\n" {
			t.Errorf("read %q", got)
		}
		synctest.Wait()
		go listen()
		if _, err := p.Write([]byte("three\n")); err != nil {
			t.Error(err)
		}
		if got := <-read; got != "(the log was not read for a while: 3 messages are missing here)\nthree\n" {
			t.Errorf("read %q", got)
		}
		_ = reader.CloseWithError(os.ErrClosed)
		if _, err := p.Write([]byte("four\n")); !errors.Is(err, os.ErrClosed) {
			t.Errorf("the reader is gone: %v", err)
		}
	})
}

// What is not a terminal is bounded, and a terminal or a device is what it is.
func TestPatientLeavesDevicesAlone(t *testing.T) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = null.Close() }()
	if Patient(null) != io.Writer(null) {
		t.Error("a device is wrapped")
	}
	file, err := os.Create(t.TempDir() + "/log")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	w := Patient(file)
	if _, err := w.Write([]byte("line\n")); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(file.Name()); err != nil || !strings.Contains(string(data), "line") || w == io.Writer(file) {
		t.Errorf("the file holds %q, %v", data, err)
	}
}

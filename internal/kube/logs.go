package kube

import (
	"log"
	"log/slog"
	"strings"
	"sync"

	"k8s.io/klog/v2"
)

// CaptureLogs passes what klog and the log package would print to w instead, one
// line after the other, until restore is called. The text is untrusted. Helm
// prints chart values there, which would leak secrets, and could give commands to
// the CI.
func CaptureLogs(w func(line string)) (restore func()) {
	out := &lines{w: w}
	previous, flags := log.Writer(), log.Flags()
	log.SetOutput(out)
	log.SetFlags(0)
	klog.SetSlogLogger(slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{ReplaceAttr: withoutTime})))
	return func() {
		klog.ClearLogger()
		log.SetOutput(previous)
		log.SetFlags(flags)
	}
}

// lines is an io.Writer for writers that write whole lines.
type lines struct {
	mu sync.Mutex
	w  func(line string)
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.SplitSeq(strings.TrimRight(string(p), "\n"), "\n") {
		l.w(line)
	}
	return len(p), nil
}

func withoutTime(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

package rollout

import (
	"context"
	"io"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/berth-dev/berth/internal/kube/health"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// The bounds of a log's end.
const (
	linesKept  = 20
	lineLength = 512
	logBytes   = 64 << 10
)

// tail is a container whose log's end is wanted.
type tail struct {
	container string
	current   bool
	previous  bool
	logs      []result.LogTail
}

// tails are the containers of a pod that ran and are not well.
func tails(p *corev1.Pod) []tail {
	var all []tail
	for _, statuses := range [][]corev1.ContainerStatus{p.Status.InitContainerStatuses, p.Status.ContainerStatuses} {
		for _, s := range statuses {
			ended := s.State.Terminated
			if s.Ready || ended != nil && ended.ExitCode == 0 {
				continue
			}
			t := tail{container: s.Name, current: s.State.Running != nil || ended != nil || s.RestartCount > 0, previous: s.RestartCount > 0}
			if t.current || t.previous {
				all = append(all, t)
			}
		}
	}
	return all
}

func (w *Waiter) readLogs(ctx context.Context, namespace, pod string, t *tail) {
	if t.previous {
		t.logs = append(t.logs, w.readLog(ctx, namespace, pod, t.container, true))
	}
	if t.current {
		now := w.readLog(ctx, namespace, pod, t.container, false)
		// Between two starts both are the log of the container that crashed last.
		if len(t.logs) == 0 || !slices.Equal(t.logs[0].Lines, now.Lines) {
			t.logs = append(t.logs, now)
		}
	}
}

// readLog reads the end of one log; that it could not is said in its place. Where
// the lines are so long that the limit, which counts from the first of them, cuts
// off the last, fewer are asked for.
func (w *Waiter) readLog(ctx context.Context, namespace, pod, container string, previous bool) result.LogTail {
	t := result.LogTail{Container: container, Previous: previous}
	options := &corev1.PodLogOptions{Container: container, Previous: previous}
	for lines := linesKept; lines > 0; lines /= 4 {
		end, err := w.logEnd(ctx, namespace, pod, options, lines)
		if err != nil {
			if t.Lines == nil {
				t.Error = text.Cut(err.Error(), lineLength)
			}
			break
		}
		t.Lines = lastLines(end)
		if len(end) < logBytes {
			break
		}
	}
	return t
}

// logEnd reads that many of a log's last lines, as far as they fit.
func (w *Waiter) logEnd(ctx context.Context, namespace, pod string, options *corev1.PodLogOptions, lines int) ([]byte, error) {
	tail, limit := int64(lines), int64(logBytes)
	options.TailLines, options.LimitBytes = &tail, &limit
	stream, err := w.Clientset.CoreV1().Pods(namespace).GetLogs(pod, options).Stream(ctx)
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	text, err := io.ReadAll(io.LimitReader(stream, logBytes))
	if len(text) > 0 {
		err = nil // a part is better than none
	}
	return text, err
}

// lastLines are the last lines of a log, made fit to be shown.
func lastLines(log []byte) []string {
	var lines []string
	for line := range strings.Lines(string(log)) {
		lines = append(lines, text.Cut(health.Redact(strings.TrimRight(line, "\r\n")), lineLength))
	}
	return lines[max(0, len(lines)-linesKept):]
}

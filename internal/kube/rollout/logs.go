package rollout

import (
	"context"
	"io"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/berth-dev/berth/internal/kube/health"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// The bounds of the tail of a log.
const (
	linesKept  = 20
	lineLength = 512 // bytes
	logBytes   = 64 << 10
)

// containerLog is a container whose logs are wanted, and then their tails.
type containerLog struct {
	container string
	current   bool // it runs or ran since its last restart
	previous  bool // it ran before
	tails     []result.LogTail
}

// containerLogs returns the containers of a pod that ran and are neither ready nor
// done.
func containerLogs(p *corev1.Pod) []containerLog {
	var all []containerLog
	for _, s := range slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses) {
		ended := s.State.Terminated
		if s.Ready || ended != nil && ended.ExitCode == 0 {
			continue
		}
		c := containerLog{container: s.Name, current: s.State.Running != nil || ended != nil || s.RestartCount > 0, previous: s.RestartCount > 0}
		if c.current || c.previous {
			all = append(all, c)
		}
	}
	return all
}

// read reads the tails. While a container waits for its restart, its current log is
// that of the run before; it is kept once.
func (c *containerLog) read(ctx context.Context, client kubernetes.Interface, namespace, pod string) {
	if c.previous {
		c.tails = append(c.tails, readTail(ctx, client, namespace, pod, c.container, true))
	}
	if c.current {
		now := readTail(ctx, client, namespace, pod, c.container, false)
		if len(c.tails) == 0 || !slices.Equal(c.tails[0].Lines, now.Lines) {
			c.tails = append(c.tails, now)
		}
	}
}

// readTail returns the tail of one log, or the error why it cannot be read. The API
// server counts the limit of bytes from the first of the lines that are asked for.
// If it cuts off the last lines, fewer are asked for.
func readTail(ctx context.Context, client kubernetes.Interface, namespace, pod, container string, previous bool) result.LogTail {
	t := result.LogTail{Container: container, Previous: previous}
	options := &corev1.PodLogOptions{Container: container, Previous: previous}
	for lines := linesKept; lines > 0; lines /= 4 {
		log, err := readLines(ctx, client, namespace, pod, options, lines)
		if err != nil {
			if t.Lines == nil {
				t.Error = text.Cut(err.Error(), lineLength)
			}
			break
		}
		t.Lines = lastLines(log)
		if len(log) < logBytes {
			break
		}
	}
	return t
}

// readLines returns the last lines of a log, as far as they fit into logBytes. It
// returns no error if it could read a part of them.
func readLines(
	ctx context.Context, client kubernetes.Interface, namespace, pod string, options *corev1.PodLogOptions, lines int,
) ([]byte, error) {
	tail, limit := int64(lines), int64(logBytes)
	options.TailLines, options.LimitBytes = &tail, &limit
	stream, err := client.CoreV1().Pods(namespace).GetLogs(pod, options).Stream(ctx)
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	log, err := io.ReadAll(io.LimitReader(stream, logBytes))
	if len(log) > 0 {
		err = nil
	}
	return log, err
}

// lastLines returns the last lines of a log, redacted and cut to lineLength.
func lastLines(log []byte) []string {
	var lines []string
	for line := range strings.Lines(string(log)) {
		lines = append(lines, text.Cut(health.Redact(strings.TrimRight(line, "\r\n")), lineLength))
	}
	return lines[max(0, len(lines)-linesKept):]
}

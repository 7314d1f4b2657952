package rollout

import (
	"context"
	"io"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/secrets"
	"github.com/berth-dev/berth/internal/text"
)

// The bounds of the tail of a log.
const (
	linesKept  = 20
	lineLength = 512 // bytes
	logBytes   = 64 << 10
)

// linesRead are how many lines are asked for, one number after the other. The first is
// much more than is kept: a stack may be long that follows the line which tells why.
var linesRead = []int64{200, linesKept, linesKept / 4, 1}

// containerLog is a container whose logs are wanted, and then their tails.
type containerLog struct {
	container string
	current   bool // it runs, or ended and is not to be started again yet
	previous  bool // it ran before
	tails     []result.LogTail
}

// containerLogs returns the containers of a pod that ran and are neither ready nor
// done. Only logs are asked for that a node has: of a container that waits for its
// restart that is the one of the run before, and a previous one needs a run that has
// ended.
func containerLogs(p *corev1.Pod) []containerLog {
	var all []containerLog
	for _, s := range slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses) {
		ended := s.State.Terminated
		if s.Ready || ended != nil && ended.ExitCode == 0 && s.RestartCount == 0 {
			continue
		}
		before := s.LastTerminationState.Terminated
		c := containerLog{container: s.Name, current: s.State.Running != nil || ended != nil,
			previous: ended == nil && before != nil && before.ContainerID != ""}
		if c.current || c.previous {
			all = append(all, c)
		}
	}
	return all
}

// read reads the tails. What a container says twice is kept once, and of a run whose
// log the node has dropped nothing is said.
func (c *containerLog) read(ctx context.Context, client kubernetes.Interface, namespace, pod string) {
	if c.previous {
		c.add(readTail(ctx, client, namespace, pod, c.container, true))
	}
	if c.current {
		c.add(readTail(ctx, client, namespace, pod, c.container, false))
	}
}

func (c *containerLog) add(tail result.LogTail) {
	if dropped(tail) {
		return
	}
	if len(c.tails) == 0 || !slices.Equal(c.tails[0].Lines, tail.Lines) {
		c.tails = append(c.tails, tail)
	}
}

// dropped returns whether a tail is no log, but what a kubelet answers with for a
// container that it has deleted.
func dropped(tail result.LogTail) bool {
	return len(tail.Lines) == 1 && strings.HasPrefix(tail.Lines[0], "unable to retrieve container logs for ")
}

// readTail returns the tail of one log, or the error why it cannot be read. The API
// server counts the limit of bytes from the first of the lines that are asked for.
// If it cuts off the last lines, fewer are asked for.
func readTail(ctx context.Context, client kubernetes.Interface, namespace, pod, container string, previous bool) result.LogTail {
	t := result.LogTail{Container: container, Previous: previous}
	options := &corev1.PodLogOptions{Container: container, Previous: previous}
	for _, lines := range linesRead {
		log, err := readLines(ctx, client, namespace, pod, options, lines)
		if err != nil {
			if t.Lines == nil {
				t.Error = text.Cut(err.Error(), lineLength)
			}
			break
		}
		t.Lines, t.Telling = telling(printed(log))
		if len(log) < logBytes {
			break
		}
	}
	return t
}

// readLines returns the last lines of a log, as far as they fit into logBytes. It
// returns no error if it could read a part of them.
func readLines(
	ctx context.Context, client kubernetes.Interface, namespace, pod string, options *corev1.PodLogOptions, lines int64,
) ([]byte, error) {
	limit := int64(logBytes)
	options.TailLines, options.LimitBytes = &lines, &limit
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

// printed returns the lines of a log, redacted and cut to lineLength.
func printed(log []byte) []string {
	var lines []string
	for line := range strings.Lines(string(log)) {
		lines = append(lines, text.Cut(secrets.InLine(strings.TrimRight(line, "\r\n")), lineLength))
	}
	return lines
}
